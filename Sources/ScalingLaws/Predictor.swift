import Experiment
import Foundation

/// Fitted laws that answer for any run: runs → loss → error, with intervals.
struct Predictor: Sendable {
  let loss: any LossFit
  let error: FittedLaw<ErrorLaw>?
  /// Why there is no error law although there are errors.
  let errorRefusal: String?
  let lossDraws: [LossDraw]
  let errorDraws: [FittedLaw<ErrorLaw>.Draw]
  let level: Double
  let largestFitCompute: Double
  private let objective: Objective
  /// Normal numbers for the noise of a new run: its loss and its error, the same for all runs.
  private let noise: [SIMD2<Double>]

  init(
    _ data: LawData, _ options: FitOptions, pool: [LawData] = []
  ) throws(UserError) {
    let points = data.lossFit
    loss =
      pool.isEmpty
      ? try options.law.fit(points, objective: options.objective)
      : try options.law.fit(
        points, sharingExponentWith: pool.map(\.lossFit), objective: options.objective,
        draws: options.draws)
    objective = options.objective
    level = options.level
    largestFitCompute = points.map(\.compute).max() ?? 0
    let measured = data.errorFit
    if let reason = Predictor.reasonToRefuse(measured, in: data) {
      errorRefusal = reason
      error = nil
    } else {
      errorRefusal = nil
      // Errors are shares, and stay near chance: plain squares fit their noise, logs would not.
      error = FittedLaw<ErrorLaw>(
        coordinates: measured.map { SIMD2($0.loss ?? 0, 0) }, values: measured.compactMap(\.error),
        objective: .paper)
    }
    var random = RandomSource(seed: Seeds.derive(0, "law bootstrap"))
    lossDraws = loss.lossDraws(options.draws, random: &random)
    errorDraws = error?.draws(options.draws, random: &random) ?? []
    noise = lossDraws.map { _ in SIMD2(random.normal(), random.normal()) }
  }

  /// nil when an error law can be fitted on `points`; an empty reason when nobody asked for one.
  private static func reasonToRefuse(_ points: [LawPoint], in data: LawData) -> String? {
    if data.points.allSatisfy({ $0.error == nil }) { return "" }
    let losses = Set(points.compactMap(\.loss)).count
    if losses < 4 {
      return "no error law: \(losses) runs to fit on have an error, and three parameters need at"
        + " least 4"
    }
    let errors = points.compactMap(\.error)
    if let low = errors.min(), let high = errors.max(), high - low < 0.005 {
      return "no error law: the error is flat over the fit runs (all within half a point), so loss"
        + " does not predict it yet"
    }
    return nil
  }

  /// What to expect of a run with `parameters` and `tokens`.
  func predict(parameters: Double, tokens: Double) -> (loss: Estimate, error: Estimate?) {
    let center = loss.lossLaw.loss(parameters: parameters, tokens: tokens)
    var lossEstimate = Estimate(predicted: center)
    let losses = zip(lossDraws, noise).map { draw, z in
      objective.perturbed(
        draw.law.loss(parameters: parameters, tokens: tokens), by: draw.sigma * z.x)
    }
    (lossEstimate.low, lossEstimate.high) = interval(losses)
    let coordinates = SIMD2(Foundation.log(parameters), Foundation.log(tokens))
    if let half = loss.halfWidth(at: coordinates, level: level) {
      lossEstimate.deltaLow = objective.perturbed(center, by: -half)
      lossEstimate.deltaHigh = objective.perturbed(center, by: half)
    }
    guard let error else { return (lossEstimate, nil) }
    var errorEstimate = Estimate(predicted: error.law.error(atLoss: center))
    if !losses.isEmpty, !errorDraws.isEmpty {
      // The chain: a loss this run may have, through an error law that may hold, plus noise.
      let errors = losses.indices.map { i in
        let draw = errorDraws[i % errorDraws.count]
        return min(1, max(0, draw.law.error(atLoss: losses[i]) + draw.sigma * noise[i].y))
      }
      (errorEstimate.low, errorEstimate.high) = interval(errors)
    }
    if let half = error.halfWidth(at: SIMD2(center, 0), level: level),
      let lossHalf = loss.halfWidth(at: coordinates, level: level)
    {
      let slope = error.law.slope(atLoss: center) * (objective.isRelative ? center : 1)
      let both = (half * half + slope * slope * lossHalf * lossHalf).squareRoot()
      errorEstimate.deltaLow = max(0, errorEstimate.predicted - both)
      errorEstimate.deltaHigh = min(1, errorEstimate.predicted + both)
    }
    return (lossEstimate, errorEstimate)
  }

  /// The central `level` of draws, nil without draws.
  func interval(_ draws: [Double]) -> (Double?, Double?) {
    guard !draws.isEmpty else { return (nil, nil) }
    let sorted = draws.sorted()
    return (quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2))
  }
}
