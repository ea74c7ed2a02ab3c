import Foundation

/// Loss from compute alone, whatever the shape:
///
///     L(C) = E + λ·C^−η      C = 6·N·D
///
/// A baseline: it has to lose wherever runs of one compute differ in M.
public struct ComputeLaw: LossLaw, Equatable {
  /// E, in nats per token.
  public let irreducibleLoss: Double
  /// λ.
  public let computeCoefficient: Double
  /// η.
  public let computeExponent: Double

  /// L = E + λ·C^−η.
  public init(E: Double, lambda: Double, eta: Double) {
    irreducibleLoss = E
    computeCoefficient = lambda
    computeExponent = eta
  }

  /// E, λ and η.
  public var coefficients: [Coefficient] {
    [
      Coefficient("E", irreducibleLoss), Coefficient("lambda", computeCoefficient),
      Coefficient("eta", computeExponent),
    ]
  }

  /// E + λ·(6·N·D)^−η.
  public func loss(parameters: Double, tokens: Double) -> Double {
    irreducibleLoss + computeCoefficient * pow(6 * parameters * tokens, -computeExponent)
  }
}

/// Columns 1, (N·D)^−η at x = (ln N, ln D).
extension ComputeLaw: SeparableLaw {
  /// E, λ.
  public static var columns: Int { 2 }
  /// E and λ.
  public static var columnNames: [String] { ["E", "lambda"] }
  /// η.
  public static var exponentNames: [String] { ["eta"] }
  /// η.
  public static var exponentRanges: [ClosedRange<Double>] { [0.01...1.2] }
  /// Steps of 0.02.
  public static var gridPoints: Int { 60 }

  /// 1, (n·d)^−η.
  public static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double> {
    SIMD3(1, exp(-exponents.x * (x.x + x.y)), 0)
  }

  /// −λ·ln(n·d)·(n·d)^−η.
  public static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double> {
    SIMD2(-coefficients.y * row(x, exponents).y * (x.x + x.y), 0)
  }

  /// Undoes the shift, and the 6 in C: λ = θ₁·e^{η·center}·6^η.
  public init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>) {
    self.init(
      E: coefficients.x,
      lambda: coefficients.y * exp(exponents.x * (center.x + center.y)) * pow(6, exponents.x),
      eta: exponents.x)
  }
}
