import Foundation

/// A law of validation loss in the parameters N and the tokens D of a run.
public protocol LossLaw: Sendable {
  /// E: the loss that no amount of compute removes, in nats per token.
  var irreducibleLoss: Double { get }
  /// The coefficients by their usual names, in the order to print them; those that are not defined
  /// are left out.
  var coefficients: [Coefficient] { get }
  /// L(N, D), in nats per token.
  func loss(parameters: Double, tokens: Double) -> Double
  /// L of a run of whose D only `unique` tokens are distinct; all, when nil. Most laws do not know the
  /// difference.
  func loss(parameters: Double, tokens: Double, unique: Double?) -> Double
}

/// A number of a law with its name.
public struct Coefficient: Sendable, Equatable {
  /// `E`, `A`, `alpha`, `mStar`, …: the key in JSON.
  public let name: String
  /// The number.
  public let value: Double

  /// - Parameters:
  ///   - name: the key in JSON
  ///   - value: the number
  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }
}

extension LossLaw {
  /// L(N, D).
  public func loss(parameters: Double, tokens: Double, unique: Double?) -> Double {
    loss(parameters: parameters, tokens: tokens)
  }

  /// L of a run.
  package func loss(of point: LawPoint) -> Double {
    loss(parameters: point.parameters, tokens: point.tokens, unique: point.uniqueTokens)
  }

  /// L(C, M) at C = 6·N·D FLOPs and M = D/N tokens per parameter.
  public func loss(compute: Double, tokenMultiplier: Double) -> Double {
    let (n, d) = shape(compute: compute, tokenMultiplier: tokenMultiplier)
    return loss(parameters: n, tokens: d)
  }
}

/// N = √(C/(6M)) and D = √(C·M/6).
public func shape(
  compute: Double, tokenMultiplier: Double
) -> (parameters: Double, tokens: Double) {
  ((compute / (6 * tokenMultiplier)).squareRoot(), (compute * tokenMultiplier / 6).squareRoot())
}

/// A law that is linear once its one or two exponents are known: y = Σ θⱼ·columnⱼ(x, exponents),
/// θ ≥ 0, with at most three columns.
///
/// The fit searches the exponents only; the coefficients follow exactly (variable projection).
/// A point is given by its coordinates `x`, shifted by `center` so that columns stay near 1.
public protocol SeparableLaw: Sendable {
  /// Linear coefficients: 2 or 3.
  static var columns: Int { get }
  /// Their names.
  static var columnNames: [String] { get }
  /// The exponents' names.
  static var exponentNames: [String] { get }
  /// What an exponent may be, one range per exponent.
  static var exponentRanges: [ClosedRange<Double>] { get }
  /// How far apart two exponents are expected, as the standard deviation of ln α − ln β; nil when
  /// nothing is known of it.
  static var exponentTie: Double? { get }
  /// Grid points per exponent: where the search starts.
  static var gridPoints: Int { get }
  /// The columns at `x`; those past `columns` are zero.
  static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double>
  /// ∂y/∂exponent at `x`.
  static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double>
  /// The law in its own terms, from coefficients in shifted coordinates.
  init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>)
  /// y at coordinates that are not shifted.
  func value(at coordinates: SIMD2<Double>) -> Double
}

extension SeparableLaw {
  /// p: coefficients and exponents.
  public static var parameterCount: Int { columns + exponentRanges.count }
  /// E, A and B.
  public static var columnNames: [String] { ["E", "A", "B"] }
  /// α and β.
  public static var exponentNames: [String] { ["alpha", "beta"] }
  /// Nothing is known.
  public static var exponentTie: Double? { nil }
}

/// What an objective S is multiplied by where exponents are tied: the most probable exponents under
/// a normal ln α − ln β of SD τ are those of the least
///
///     n·ln S + ((ln α − ln β)/τ)²      2n·ln S for Huber's, which is nearly a sum of |r|
///
/// with the size of the noise fitted too, and so of the least S·e^{((ln α − ln β)/τ)²/n}. Points
/// without noise therefore give their own exponents back, tied or not.
func tieFactor<Law: SeparableLaw>(
  _: Law.Type, _ exponents: SIMD2<Double>, samples: Int, _ objective: Objective
) -> Double {
  guard let width = Law.exponentTie else { return 1 }
  let off = log(exponents.x / exponents.y) / width
  return exp(off * off / Double(objective == .huber ? 2 * samples : samples))
}

extension LossLaw where Self: SeparableLaw {
  /// L at (ln N, ln D).
  public func value(at coordinates: SIMD2<Double>) -> Double {
    loss(parameters: exp(coordinates.x), tokens: exp(coordinates.y))
  }
}
