import Experiment
import Foundation

/// κ: how much too sure the law was of its own dearer runs, the only number that sees a law's
/// misspecification.
///
/// The fit runs are cut at a compute threshold, the law is fitted on the cheaper part alone, and its
/// errors on the dearer part are measured in units of the standard deviation that it promised:
///
///     κ = max(1, √(mean of (error/predicted SD)²))      over the thresholds
///
/// Intervals are widened by κ about the prediction. Runs held out are never looked at.
struct HoldOutInflation: Sendable {
  /// κ ≥ 1.
  var factor = 1.0
  /// Predictions that it rests on; 0 when there are too few runs to cut.
  var comparisons = 0

  init() {}

  /// Cuts at a half, two thirds and five sixths of the runs.
  init(_ points: [LawPoint], pool: [[LawPoint]], _ options: FitOptions) {
    let sorted = points.sorted { ($0.compute, $0.run) < ($1.compute, $1.run) }
    var squares = 0.0
    var seen: Set<Int> = []
    for share in [1.0 / 2, 2.0 / 3, 5.0 / 6] {
      let count = Int((Double(sorted.count) * share).rounded())
      // Two degrees of freedom at least: with one, the promised SD itself is a guess.
      guard count >= options.law.parameterCount + 2, count < sorted.count,
        seen.insert(count).inserted
      else { continue }
      let limit = sorted[count - 1].compute
      let cheap = Array(sorted.prefix(count))
      let others = pool.map { $0.filter { $0.compute <= limit } }
      let found: (any LossFit)? =
        pool.isEmpty
        ? try? options.law.fit(cheap, objective: options.objective)
        : try? options.law.fit(
          cheap, sharingExponentWith: others, objective: options.objective, draws: 0)
      guard let fit = found else { continue }
      for point in sorted.dropFirst(count) {
        guard let loss = point.loss, let sd = fit.predictionSD(at: point.coordinates), sd > 0
        else { continue }
        let predicted = fit.lossLaw.loss(parameters: point.parameters, tokens: point.tokens)
        // The promise is for a run of weight 1.
        let own = (fit.residualSD ?? 0) * (fit.residualSD ?? 0) * (1 / (point.weight ?? 1) - 1)
        let z =
          options.objective.residual(measured: loss, predicted: predicted)
          / (sd * sd + own).squareRoot()
        guard z.isFinite else { continue }
        squares += z * z
        comparisons += 1
      }
    }
    if comparisons > 0 { factor = max(1, (squares / Double(comparisons)).squareRoot()) }
  }
}
