import Experiment
import Foundation

extension TrainingConfig {
  /// The learning rate of step `step` (0-based) of `steps`.
  ///
  /// Warm-up: peak·(t + 1)/W. Then, with u = (t − W)/(T − W):
  /// cosine: final + ½(1 + cos πu)(peak − final); constant: peak; WSD: peak, then a straight line to
  /// final over the last `decayFraction` of the steps.
  public func learningRate(at step: Int) -> Double {
    if step < warmupSteps { return peakLearningRate * Double(step + 1) / Double(warmupSteps) }
    switch schedule {
    case .constant:
      return peakLearningRate
    case .cosine:
      let progress = Double(step - warmupSteps) / Double(max(1, steps - warmupSteps))
      return finalLearningRate
        + 0.5 * (1 + cos(.pi * progress)) * (peakLearningRate - finalLearningRate)
    case .wsd:
      let decaySteps = max(1, Int((decayFraction * Double(steps)).rounded()))
      let left = Double(steps - step) / Double(decaySteps)
      return left >= 1
        ? peakLearningRate
        : finalLearningRate + left * (peakLearningRate - finalLearningRate)
    }
  }
}
