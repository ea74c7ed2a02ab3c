import Experiment

/// Tokens per second and model FLOP utilisation between two lines of a run's log.
struct Throughput {
  private let flopsPerToken: Double
  private let batchTokens: Int
  private let peakFLOPS: Double
  private var since = ContinuousClock.now
  private var lastStep: Int

  /// - Parameter peakFLOPS: what a large product reaches on one core, in FLOP/s
  init(_ config: RunConfig, from step: Int, peakFLOPS: Double) {
    flopsPerToken = config.model.trainingFLOPsPerToken
    batchTokens = config.training.batchTokens
    self.peakFLOPS = peakFLOPS
    lastStep = step
  }

  /// The rates since the last call.
  mutating func lap(step: Int, workers: Int) -> (tokensPerSecond: Double, utilisation: Double) {
    let now = ContinuousClock.now
    let seconds = max(1e-9, (now - since) / .seconds(1))
    let rate = Double((step - lastStep) * batchTokens) / seconds
    since = now
    lastStep = step
    return (rate, rate * flopsPerToken / (peakFLOPS * Double(workers)))
  }
}
