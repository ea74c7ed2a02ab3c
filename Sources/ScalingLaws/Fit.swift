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
    warnings = data.warnings + predictor.warnings(data)
  }

  /// The loss law.
  public var lossLaw: any LossLaw { predictor.loss.lossLaw }
  /// The error law, if there are enough errors for one.
  public var errorLaw: ErrorLaw? { predictor.error?.law }
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

  /// Every coefficient of both laws.
  public var coefficients: [Coefficient] {
    lossLaw.coefficients + (errorLaw?.coefficients ?? [])
  }

  /// Bootstrap intervals of coefficients by name; empty without degrees of freedom.
  public var coefficientIntervals: [String: ClosedRange<Double>] {
    var draws: [String: [Double]] = [:]
    let all =
      predictor.lossDraws.map(\.law.coefficients) + predictor.errorDraws.map(\.law.coefficients)
    for coefficient in all.joined() {
      draws[coefficient.name, default: []].append(coefficient.value)
    }
    return draws.compactMapValues { values in
      let (low, high) = predictor.interval(values.filter(\.isFinite))
      guard let low, let high else { return nil }
      return low...high
    }
  }

  /// What to expect of a run with `parameters` and `tokens`.
  public func predict(
    parameters: Double, tokens: Double, run: String = "new"
  ) -> Prediction {
    predictor.prediction(
      of: LawPoint(run: run, parameters: parameters, tokens: tokens, loss: nil, role: .holdout))
  }
}

extension Predictor {
  func prediction(of point: LawPoint) -> Prediction {
    let (loss, error) = predict(parameters: point.parameters, tokens: point.tokens)
    return Prediction(
      run: point.run, parameters: point.parameters, tokens: point.tokens, compute: point.compute,
      tokenMultiplier: point.tokenMultiplier, extrapolation: point.compute / largestFitCompute,
      loss: loss.compared(with: point.loss), error: error?.compared(with: point.error))
  }

  func predictions(of points: [LawPoint]) -> [Prediction] {
    points.sorted { ($0.compute, $0.run) < ($1.compute, $1.run) }.map { prediction(of: $0) }
  }
}
