import Experiment
import Foundation
import Kernels
import Training

/// Speed at one size.
struct SizeRate: Encodable {
  let parameters: Int
  let flopsPerToken: Double
  let workers: Int
  let tokensPerSecond: Double
  /// All workers together.
  let gflops: Double
  /// Of the rate of a large product on as many threads.
  let limitFraction: Double
}

extension BenchConfig {
  /// Sizes from thirty thousand to twenty million parameters.
  static let ladder = [
    BenchConfig(
      layers: 2, width: 32, heads: 2, contextLength: 128, vocabularySize: 256, batchTokens: 2048),
    BenchConfig(
      layers: 2, width: 48, heads: 3, contextLength: 128, vocabularySize: 512, batchTokens: 4096),
    BenchConfig(
      layers: 3, width: 64, heads: 4, contextLength: 128, vocabularySize: 1024, batchTokens: 8192),
    BenchConfig(
      layers: 4, width: 96, heads: 6, contextLength: 256, vocabularySize: 2048, batchTokens: 8192),
    BenchConfig(
      layers: 4, width: 160, heads: 5, contextLength: 256, vocabularySize: 4096, batchTokens: 8192),
    BenchConfig(
      layers: 6, width: 256, heads: 8, contextLength: 256, vocabularySize: 4096, batchTokens: 8192),
    BenchConfig(
      layers: 8, width: 384, heads: 6, contextLength: 256, vocabularySize: 8192, batchTokens: 4096),
  ]

  /// Trains at this size for about `seconds`.
  func rate(workers: Int, seconds: Double, limit: Double) throws(UserError) -> SizeRate {
    let run = try runConfig(workers: workers, microbatchTokens: nil)
    let trainer = Trainer(run, tokens: try tokens())
    _ = trainer.step(workers: workers)
    let timed = trainer.timeSteps(workers: workers, seconds: seconds)
    let rate = Double(timed.tokens) / timed.elapsed
    let gflops = rate * run.model.trainingFLOPsPerToken / 1e9
    return SizeRate(
      parameters: ParameterCount(run.model).total,
      flopsPerToken: run.model.trainingFLOPsPerToken, workers: workers, tokensPerSecond: rate,
      gflops: gflops, limitFraction: gflops / limit)
  }
}
