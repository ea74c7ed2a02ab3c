import Experiment
import Foundation

/// How to fit.
public struct FitOptions: Codable, Sendable, Equatable {
  /// The loss law.
  public var law = LawKind.overTraining
  /// What the loss fit makes small.
  public var objective = Objective.log
  /// The nominal level of intervals.
  public var level = 0.9
  /// Bootstrap draws.
  public var draws = 1000

  /// How the average error follows from the loss.
  public var errorRule = ErrorRule.exponential
  /// Whether intervals are widened by κ, as far as the fit runs allow to measure it.
  public var inflates = true

  private enum CodingKeys: CodingKey { case law, objective, level, draws, errorRule, inflates }

  /// Reads options; those that older files lack have their defaults.
  public init(from decoder: any Decoder) throws {
    let json = try decoder.container(keyedBy: CodingKeys.self)
    law = try json.decode(LawKind.self, forKey: .law)
    objective = try json.decode(Objective.self, forKey: .objective)
    level = try json.decode(Double.self, forKey: .level)
    draws = try json.decode(Int.self, forKey: .draws)
    errorRule = try json.decodeIfPresent(ErrorRule.self, forKey: .errorRule) ?? .exponential
    inflates = try json.decodeIfPresent(Bool.self, forKey: .inflates) ?? false
  }

  /// The defaults: over-training law, log objective, 90 %, 1000 draws.
  public init() {}
}

/// Laws fitted on data, and what they say of the runs held out.
///
/// Everything follows from `data` and `options`, so a stored fit is these two and can be asked
/// about new runs later, with the same intervals.
public struct Fit: Sendable {
  /// The name of the fit's folder.
  public let name: String
  /// The runs.
  public let data: LawData
  /// How they were fitted.
  public let options: FitOptions
  /// Other training sets that share the exponent; usually none.
  public let pool: [LawData]
  /// The runs held out.
  public let predictions: [Prediction]
  /// The runs shown against the law, not fitted on and not held out.
  public let validation: [Prediction]
  /// What a reader should know before believing the numbers.
  public let warnings: [String]

  let predictor: Predictor

  /// Fits on the points of role `fit` and predicts the others.
  ///
  /// Data in `pool` are of other training sets, with the same N and recipe: their fit runs help to
  /// find the exponent, and nothing else of them counts.
  ///
  /// - Throws: `UserError` of kind `badData` when the points cannot identify the law.
  public init(
    _ data: LawData, options: FitOptions = FitOptions(), name: String = "fit",
    pool: [LawData] = []
  ) throws(UserError) {
    guard data.points.contains(where: { $0.role == .fit }) else {
      throw UserError(
        .badData, "no run has the role fit", at: data.source,
        fix: "give the runs to fit on the role fit")
    }
    guard (0.5...0.999).contains(options.level) else {
      throw UserError(.usage, "level is \(options.level)", fix: "use a share like 0.9")
    }
    self.name = name
    self.data = data
    self.options = options
    self.pool = pool
    do { predictor = try Predictor(data, options, pool: pool) } catch {
      throw UserError(error.kind, error.what, at: error.location ?? data.source, fix: error.fix)
    }
    predictions = predictor.predictions(of: data.points.filter { $0.role == .holdout })
    validation = predictor.predictions(of: data.points.filter { $0.role == .validate })
    warnings = data.warnings + predictor.warnings(data, options)
  }

  /// The loss law.
  public var lossLaw: any LossLaw { predictor.loss.lossLaw }
  /// The error law where it is one exponential, if there are enough errors for one.
  public var errorLaw: ErrorLaw? { predictor.error?.exponential }
  /// The average error at a loss, by whatever law was fitted; nil without one.
  public func error(atLoss loss: Double) -> Double? { predictor.error?.error(atLoss: loss) }
  /// κ, by which intervals are widened, and the hold-out comparisons that it rests on.
  public var inflation: (factor: Double, comparisons: Int) {
    (predictor.inflation.factor, predictor.inflation.comparisons)
  }
  /// Runs that the loss law was fitted on.
  public var fitCount: Int { data.lossFit.count }
  /// Runs that the error law was fitted on.
  public var errorFitCount: Int { predictor.error == nil ? 0 : data.errorFit.count }
  /// n − p of the loss law.
  public var degreesOfFreedom: Int { predictor.loss.degreesOfFreedom }
  /// Σ 6·N·D of the runs that the loss law was fitted on.
  public var fitCompute: Double { data.lossFit.reduce(0) { $0 + $1.compute } }
  /// Residual standard deviation of the loss law, relative unless the objective is `paper`.
  public var residualSD: Double? { predictor.loss.residualSD }
  /// Condition number of the scaled Jacobian.
  public var conditionNumber: Double { predictor.loss.conditionNumber }
  /// The objective at the optimum.
  public var objectiveValue: Double { predictor.loss.value }

  /// F-profile intervals of E and the exponents; none for `huber`, for a shared exponent, or without
  /// degrees of freedom.
  public var profiles: [ProfileInterval] {
    pool.isEmpty ? predictor.loss.profiles(level: options.level) : []
  }
  /// Whether the law misses by more than seeds do; nil without replicates.
  public var lackOfFit: LackOfFit? {
    LackOfFit(data.points, law: lossLaw, parameterCount: options.law.parameterCount)
  }
  /// All laws on the same splits of the fit runs.
  public var tournament: Tournament { Tournament(data, objective: options.objective) }

  /// The coefficients of the error law; none without one, or where it has a curve per task.
  public var errorCoefficients: [Coefficient] { predictor.error?.coefficients ?? [] }

  /// Every coefficient of both laws.
  public var coefficients: [Coefficient] {
    lossLaw.coefficients + errorCoefficients
  }

  /// Bootstrap intervals of coefficients by name; empty without degrees of freedom.
  public var coefficientIntervals: [String: ClosedRange<Double>] {
    var draws: [String: [Double]] = [:]
    let all =
      predictor.lossDraws.map(\.law.coefficients)
      + (0..<(predictor.error?.drawCount ?? 0)).compactMap {
        predictor.error?.coefficients(draw: $0)
      }
    for coefficient in all.joined() {
      draws[coefficient.name, default: []].append(coefficient.value)
    }
    return draws.compactMapValues { values in
      let (low, high) = predictor.interval(values.filter(\.isFinite))
      guard let low, let high else { return nil }
      return low...high
    }
  }

  /// What to expect of a run with `parameters` and `tokens`, of which `unique` are distinct; all, when
  /// nil.
  public func predict(
    parameters: Double, tokens: Double, unique: Double? = nil, run: String = "new"
  ) -> Prediction {
    var point = LawPoint(
      run: run, parameters: parameters, tokens: tokens, loss: nil, role: .holdout)
    point.uniqueTokens = unique
    return predictor.prediction(of: point)
  }
}

extension Predictor {
  func prediction(of point: LawPoint) -> Prediction {
    let (loss, error) = predict(
      parameters: point.parameters, tokens: point.tokens, unique: point.uniqueTokens)
    return Prediction(
      run: point.run, parameters: point.parameters, tokens: point.tokens, compute: point.compute,
      tokenMultiplier: point.tokenMultiplier, extrapolation: point.compute / largestFitCompute,
      reach: reach(of: point), loss: loss.compared(with: point.loss),
      error: error?.compared(with: point.error))
  }

  func predictions(of points: [LawPoint]) -> [Prediction] {
    points.sorted { ($0.compute, $0.run) < ($1.compute, $1.run) }.map { prediction(of: $0) }
  }
}
