import Corpus
import Experiment
import Foundation
import Training

/// How long runs will train, measured: each size takes a few steps here and now.
struct TrainingTime {
  private let cores: Int
  /// Tokens per second on all cores, by shape.
  private var rates: [ModelConfig: Double] = [:]

  init(cores: Int) { self.cores = cores }

  /// Seconds of all `runs` on all cores: one for each core at a time, or one for all of them, whichever
  /// is faster for a run.
  mutating func seconds(_ runs: [RunConfig]) throws(UserError) -> Double {
    var sum = 0.0
    for run in runs { sum += try Double(run.training.tokens) / rate(run) }
    return sum
  }

  private mutating func rate(_ run: RunConfig) throws(UserError) -> Double {
    if let known = rates[run.model] { return known }
    var short = run
    // Short steps of large models too, and more of them than can be taken.
    let slotTokens = run.training.batchTokens / run.training.slots
    let microbatches = min(8, slotTokens / run.training.microbatchTokens)
    short.training.batchTokens =
      microbatches * run.training.microbatchTokens * run.training.slots
    short.training.steps = 1_000_000
    let trainer = Trainer(
      short, tokens: try .zipf(vocabularySize: run.model.vocabularySize, count: 1 << 16))
    func rate(workers: Int) -> Double {
      _ = trainer.step(workers: workers)
      let timed = trainer.timeSteps(workers: workers, seconds: 0.2)
      return Double(timed.tokens) / timed.elapsed
    }
    let best = max(rate(workers: cores), Double(cores) * rate(workers: 1))
    rates[run.model] = best
    return best
  }
}

extension TokenSequence {
  /// `count` tokens whose frequencies fall as those of words do (Zipf's law).
  static func zipf(vocabularySize: Int, count: Int) throws(UserError) -> TokenSequence {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("overtrain-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var random = RandomSource(seed: 1)
    var writer = ShardWriter(folder: folder, name: "train", vocabularySize: vocabularySize)
    let size = Double(vocabularySize)
    for _ in 0..<count / 4096 {
      let tokens = (0..<4096).map { _ in Int32(min(size - 1, pow(size, random.uniform()) - 1)) }
      try writer.append(tokens)
    }
    let shard = try writer.finish()[0]
    return try TokenSequence(
      opening: folder.appendingPathComponent(shard.file), vocabularySize: vocabularySize)
  }
}
