import Experiment
import Foundation

/// Fitted laws that answer for any run: runs → loss → error, with intervals.
struct Predictor: Sendable {
  let loss: any LossFit
  let error: (any ErrorModel)?
  /// Why there is no error law although there are errors.
  let errorRefusal: String?
  let lossDraws: [LossDraw]
  /// The draws that intervals of new runs rest on.
  private let futures: [LossDraw]
  let inflation: HoldOutInflation
  let level: Double
  let largestFitCompute: Double
  private let fitted: [LawPoint]
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
    fitted = points
    let measured = data.errorFit
    errorRefusal = Predictor.reasonToRefuse(measured, in: data)
    inflation =
      options.inflates && options.law != .dataConstrained
      ? HoldOutInflation(points, pool: pool.map(\.lossFit), options) : HoldOutInflation()
    var random = RandomSource(seed: Seeds.derive(0, "law bootstrap"))
    lossDraws = loss.lossDraws(options.draws, random: &random)
    futures = Predictor.withAndWithoutFloor(lossDraws, points, options, random: &random)
    error =
      errorRefusal == nil
      ? try Predictor.errorModel(measured, in: data, options, random: &random) : nil
    noise = lossDraws.map { _ in SIMD2(random.normal(), random.normal()) }
  }

  /// A law without a floor is taken where runs are too few to show one, not because there is none: in
  /// every other future there is.
  private static func withAndWithoutFloor(
    _ draws: [LossDraw], _ points: [LawPoint], _ options: FitOptions, random: inout RandomSource
  ) -> [LossDraw] {
    guard options.law == .weaklyTiedFloorless,
      let other = try? LawKind.overTraining.fit(points, objective: options.objective)
    else { return draws }
    let floored = other.lossDraws(options.draws, random: &random)
    guard floored.count == draws.count else { return draws }
    return draws.indices.map { $0.isMultiple(of: 2) ? draws[$0] : floored[$0] }
  }

  private static func errorModel(
    _ points: [LawPoint], in data: LawData, _ options: FitOptions, random: inout RandomSource
  ) throws(UserError) -> any ErrorModel {
    let losses = points.compactMap(\.loss)
    let errors = points.compactMap(\.error)
    switch options.errorRule {
    case .exponential:
      return CurveErrors<ErrorLaw>(
        losses: losses, values: errors, draws: options.draws, random: &random
      ) { $0 }
    case .power:
      return CurveErrors<PowerErrorLaw>(
        losses: losses, values: errors, draws: options.draws, random: &random,
        at: { Foundation.log($0) }
      ) { $0 }
    case .sigmoid:
      guard points.count > SigmoidErrorLaw.parameterCount else {
        throw UserError(
          .badData, "no sigmoid: \(points.count) runs have an error, and four parameters need 5",
          fix: "add runs, or use --errors exponential")
      }
      return TaskErrors(losses: losses, errors: [errors], draws: options.draws, random: &random)
    case .pinned:
      guard let chance = data.chance else {
        throw UserError(
          .badData, "ε cannot be held at chance: the error of guessing is not known",
          fix: "add a column chance, or use --errors exponential")
      }
      // ε − Err is a decay with two parameters.
      return CurveErrors<ErrorDecay>(
        losses: losses, values: errors.map { chance - $0 }, draws: options.draws, random: &random
      ) { ErrorLaw(epsilon: chance, k: $0.scale, gamma: $0.rate) }
    case .tasks:
      let tasks = (data.taskChances ?? [:]).keys.sorted()
      let byTask = tasks.map { task in points.compactMap { $0.taskErrors?[task] } }
      guard !tasks.isEmpty, points.count > SigmoidErrorLaw.parameterCount,
        byTask.allSatisfy({ $0.count == points.count })
      else {
        throw UserError(
          .badData,
          "no law per task: needs the error on every task of at least 5 runs to fit on",
          fix: "add columns error/TASK and chance/TASK, or use --errors exponential")
      }
      return TaskErrors(losses: losses, errors: byTask, draws: options.draws, random: &random)
    }
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

  /// How far a run lies beyond the fitted ones.
  func reach(of point: LawPoint) -> Reach {
    func beyond(_ key: (LawPoint) -> Double) -> Double {
      key(point) / (fitted.map(key).max() ?? .nan)
    }
    return Reach(
      totalCompute: point.compute / fitted.reduce(0) { $0 + $1.compute },
      parameters: beyond(\.parameters), tokens: beyond(\.tokens),
      tokenMultiplier: beyond(\.tokenMultiplier))
  }

  /// What to expect of a run with `parameters` and `tokens`, of which `unique` are distinct.
  func predict(
    parameters: Double, tokens: Double, unique: Double?
  ) -> (loss: Estimate, error: Estimate?) {
    let center = loss.lossLaw.loss(parameters: parameters, tokens: tokens, unique: unique)
    var lossEstimate = Estimate(predicted: center)
    let losses = zip(futures, noise).map { draw, z in
      let loss = objective.perturbed(
        draw.law.loss(parameters: parameters, tokens: tokens, unique: unique), by: draw.sigma * z.x)
      let off = objective.residual(measured: loss, predicted: center)
      return inflation.factor == 1 || !off.isFinite
        ? loss : objective.perturbed(center, by: inflation.factor * off)
    }
    (lossEstimate.low, lossEstimate.high) = interval(losses)
    let (n, d) =
      (loss.lossLaw as? DataConstrainedLaw).map {
        let unique = min(unique ?? tokens, tokens)
        return (
          $0.effectiveParameters(parameters, unique: unique),
          $0.effectiveTokens(tokens, unique: unique)
        )
      } ?? (parameters, tokens)
    let coordinates = SIMD2(Foundation.log(n), Foundation.log(d))
    let lossHalf = loss.halfWidth(at: coordinates, level: level).map { $0 * inflation.factor }
    if let half = lossHalf {
      lossEstimate.deltaLow = objective.perturbed(center, by: -half)
      lossEstimate.deltaHigh = objective.perturbed(center, by: half)
    }
    guard let error else { return (lossEstimate, nil) }
    var errorEstimate = Estimate(predicted: error.error(atLoss: center))
    if !losses.isEmpty, error.drawCount > 0 {
      // The chain: a loss this run may have, through an error law that may hold, plus noise.
      let errors = losses.indices.map { i in
        min(
          1, max(0, error.error(atLoss: losses[i], draw: i % error.drawCount, noise: noise[i].y)))
      }
      (errorEstimate.low, errorEstimate.high) = interval(errors)
    }
    if let half = error.halfWidth(atLoss: center, level: level), let lossHalf {
      let slope = error.slope(atLoss: center) * (objective.isRelative ? center : 1)
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
