import Experiment
import Foundation

/// How the average error follows from the loss.
public enum ErrorRule: String, Codable, Sendable, CaseIterable {
  /// ε − k·e^{−γL}, all three free: Gadre et al.
  case exponential
  /// the same with ε held at the error of guessing
  case pinned
  /// ε − k·L^−γ, all three free
  case power
  /// one sigmoid of the loss: Bhagia et al.
  case sigmoid
  /// the mean of one sigmoid per task
  case tasks

  /// The formula, for people.
  public var formula: String {
    switch self {
    case .exponential: "Err = ε − k·e^(−γL)"
    case .pinned: "Err = ε − k·e^(−γL), ε held at the error of guessing"
    case .power: "Err = ε − k·L^(−γ)"
    case .sigmoid: "Err = ε·(1 − S) + f·S, S = 1/(1 + e^(k(L − L0)))"
    case .tasks: "the mean of one sigmoid per task"
    }
  }

  /// The rule for a set of tasks, chosen on the published C4 and RedPajama runs, which therefore do
  /// not test it: where most tasks have left chance (10 points below guessing in some run to fit on)
  /// each shows its own curve, so the mean of sigmoids is taken. Otherwise most tasks sit at chance and
  /// their curves are noise; the average then starts from guessing, and ε is held there.
  public static func recommended(_ data: LawData) -> ErrorRule {
    let fits = data.errorFit
    if let chances = data.taskChances, fits.count >= 5,
      fits.allSatisfy({ Set(($0.taskErrors ?? [:]).keys).isSuperset(of: chances.keys) })
    {
      let moved = chances.count { task, chance in
        fits.contains { ($0.taskErrors?[task] ?? 1) <= chance - 0.1 }
      }
      if 2 * moved > chances.count { return .tasks }
    }
    return data.chance == nil ? .exponential : .pinned
  }
}

/// An error law with what its residuals say of its precision.
protocol ErrorModel: Sendable {
  /// The law where it is a single exponential.
  var exponential: ErrorLaw? { get }
  /// Its coefficients by name; none where it has several curves.
  var coefficients: [Coefficient] { get }
  var degreesOfFreedom: Int { get }
  var atGridEdge: Bool { get }
  /// Laws that could as well have been found.
  var drawCount: Int { get }
  func error(atLoss loss: Double) -> Double
  /// d Err/dL.
  func slope(atLoss loss: Double) -> Double
  /// The error of a new run under draw `i`, its noise `z` standard normal.
  func error(atLoss loss: Double, draw i: Int, noise z: Double) -> Double
  /// Half the delta-method interval at a known loss.
  func halfWidth(atLoss loss: Double, level: Double) -> Double?
  func coefficients(draw i: Int) -> [Coefficient]
}

/// The average error as a function of the loss alone.
protocol ErrorCurve: Sendable {
  /// Err(L).
  func error(atLoss loss: Double) -> Double
  /// d Err/dL.
  func slope(atLoss loss: Double) -> Double
  var coefficients: [Coefficient] { get }
}

extension ErrorLaw: ErrorCurve {}
extension PowerErrorLaw: ErrorCurve {}

/// One curve, by plain squares of its distance from errors: they are shares, and stay near chance, so
/// that squares fit their noise where logs would not.
struct CurveErrors<Law: SeparableLaw>: ErrorModel {
  private let fit: FittedLaw<Law>
  private let draws: [FittedLaw<Law>.Draw]
  private let abscissa: @Sendable (Double) -> Double
  private let curve: @Sendable (Law) -> any ErrorCurve

  /// - Parameters:
  ///   - losses: of the runs to fit on
  ///   - values: what the law is of at those losses
  ///   - abscissa: the law's coordinate at a loss
  ///   - curve: the error that a law stands for
  init(
    losses: [Double], values: [Double], draws count: Int, random: inout RandomSource,
    at abscissa: @escaping @Sendable (Double) -> Double = { $0 },
    curve: @escaping @Sendable (Law) -> any ErrorCurve
  ) {
    fit = FittedLaw(
      coordinates: losses.map { SIMD2(abscissa($0), 0) }, values: values, objective: .paper)
    draws = fit.draws(count, random: &random)
    (self.abscissa, self.curve) = (abscissa, curve)
  }

  var exponential: ErrorLaw? { curve(fit.law) as? ErrorLaw }
  var coefficients: [Coefficient] { curve(fit.law).coefficients }
  var degreesOfFreedom: Int { fit.degreesOfFreedom }
  var atGridEdge: Bool { fit.atGridEdge }
  var drawCount: Int { draws.count }
  func error(atLoss loss: Double) -> Double { curve(fit.law).error(atLoss: loss) }
  func slope(atLoss loss: Double) -> Double { curve(fit.law).slope(atLoss: loss) }
  func error(atLoss loss: Double, draw i: Int, noise z: Double) -> Double {
    // A wild draw of the loss may not be positive, where a power of it is no number.
    curve(draws[i].law).error(atLoss: max(loss, 1e-3)) + draws[i].sigma * z
  }
  func halfWidth(atLoss loss: Double, level: Double) -> Double? {
    fit.halfWidth(at: SIMD2(abscissa(loss), 0), level: level)
  }
  func coefficients(draw i: Int) -> [Coefficient] { curve(draws[i].law).coefficients }
}

/// k·e^{−γL}: one column at x = (L, 0).
struct ErrorDecay: SeparableLaw {
  let scale: Double
  let rate: Double

  static var columns: Int { 1 }
  static var columnNames: [String] { ["k"] }
  static var exponentRanges: [ClosedRange<Double>] { ErrorLaw.exponentRanges }
  static var gridPoints: Int { ErrorLaw.gridPoints }
  static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double> {
    SIMD3(exp(-exponents.x * x.x), 0, 0)
  }
  static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double> {
    SIMD2(-coefficients.x * x.x * exp(-exponents.x * x.x), 0)
  }
  init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>) {
    scale = coefficients.x * exp(exponents.x * center.x)
    rate = exponents.x
  }
  func value(at coordinates: SIMD2<Double>) -> Double { scale * exp(-rate * coordinates.x) }
}
