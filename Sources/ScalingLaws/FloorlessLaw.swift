import Foundation

/// Two power laws and no floor, E = 0:
///
///     L(N, D) = A·N^−α + B·D^−β
///
/// A baseline that must fail far out, since text has entropy. With about seven runs it is still the
/// better guess: they do not show E, and a free E runs away (seven published runs a set: 4 % off
/// against 5–10 %).
public struct FloorlessLaw: LossLaw, Equatable {
  /// A.
  public let parameterCoefficient: Double
  /// B.
  public let tokenCoefficient: Double
  /// α.
  public let parameterExponent: Double
  /// β.
  public let tokenExponent: Double

  /// L = A·N^−α + B·D^−β.
  public init(A: Double, B: Double, alpha: Double, beta: Double) {
    parameterCoefficient = A
    tokenCoefficient = B
    parameterExponent = alpha
    tokenExponent = beta
  }

  /// 0.
  public var irreducibleLoss: Double { 0 }

  /// A, B, α and β.
  public var coefficients: [Coefficient] {
    [
      Coefficient("A", parameterCoefficient), Coefficient("B", tokenCoefficient),
      Coefficient("alpha", parameterExponent), Coefficient("beta", tokenExponent),
    ]
  }

  /// A·N^−α + B·D^−β.
  public func loss(parameters: Double, tokens: Double) -> Double {
    parameterCoefficient * pow(parameters, -parameterExponent)
      + tokenCoefficient * pow(tokens, -tokenExponent)
  }
}

/// Columns N^−α, D^−β at x = (ln N, ln D).
extension FloorlessLaw: SeparableLaw {
  /// A, B.
  public static var columns: Int { 2 }
  /// A and B.
  public static var columnNames: [String] { ["A", "B"] }
  /// α and β.
  public static var exponentRanges: [ClosedRange<Double>] { [0.02...1.2, 0.02...1.2] }
  /// 32 × 32.
  public static var gridPoints: Int { 32 }

  /// n^−α, d^−β.
  public static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double> {
    SIMD3(exp(-exponents.x * x.x), exp(-exponents.y * x.y), 0)
  }

  /// −A·ln n·n^−α and −B·ln d·d^−β.
  public static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double> {
    let terms = row(x, exponents) * coefficients
    return SIMD2(-terms.x * x.x, -terms.y * x.y)
  }

  /// Undoes the shift: A = θ₀·e^{α·center}.
  public init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>) {
    self.init(
      A: coefficients.x * exp(exponents.x * center.x),
      B: coefficients.y * exp(exponents.y * center.y), alpha: exponents.x, beta: exponents.y)
  }
}
