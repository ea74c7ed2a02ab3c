import Foundation

/// The over-training law of Gadre et al. 2024 (arXiv 2403.08540):
///
///     L(C, M) = E + (a·M^η + b·M^−η)·C^−η      C = 6·N·D, M = D/N
///
/// the same as L(N, D) = E + A·N^−α + B·D^−α with η = α/2, a = A·6^η, b = B·6^η. At one M it is a
/// line of slope −η in log(L − E) against log C, and lines of different M are parallel.
/// (Table 6 of the paper prints C^η where C^−η is meant.)
public struct OverTrainingLaw: LossLaw, Equatable {
  /// E, in nats per token.
  public let irreducibleLoss: Double
  /// A, of the term in N.
  public let parameterCoefficient: Double
  /// B, of the term in D.
  public let tokenCoefficient: Double
  /// α, the exponent of both N and D.
  public let exponent: Double

  /// L = E + A·N^−α + B·D^−α.
  public init(E: Double, A: Double, B: Double, alpha: Double) {
    irreducibleLoss = E
    parameterCoefficient = A
    tokenCoefficient = B
    exponent = alpha
  }

  /// L = E + (a·M^η + b·M^−η)·C^−η.
  public init(E: Double, a: Double, b: Double, eta: Double) {
    self.init(E: E, A: a * pow(6, -eta), B: b * pow(6, -eta), alpha: 2 * eta)
  }

  /// η = α/2: the slope against compute.
  public var computeExponent: Double { exponent / 2 }
  /// a = A·6^η.
  public var a: Double { parameterCoefficient * pow(6, computeExponent) }
  /// b = B·6^η.
  public var b: Double { tokenCoefficient * pow(6, computeExponent) }
  /// λ(M) = a·M^η + b·M^−η: the height of the line of M.
  public func offset(tokenMultiplier m: Double) -> Double {
    a * pow(m, computeExponent) + b * pow(m, -computeExponent)
  }

  /// M* = (B/A)^{1/α}: tokens per parameter of the run with the least loss at a given compute,
  /// nil when a term is missing.
  public var optimalTokenMultiplier: Double? {
    guard parameterCoefficient > 0, tokenCoefficient > 0 else { return nil }
    return pow(tokenCoefficient / parameterCoefficient, 1 / exponent)
  }

  /// N*(C) and D*(C), nil when a term is missing.
  public func optimum(compute: Double) -> (parameters: Double, tokens: Double)? {
    optimalTokenMultiplier.map { shape(compute: compute, tokenMultiplier: $0) }
  }

  /// cosh(η·ln m), m = M/M*: the reducible loss at M in units of the optimum's at equal compute.
  public func overTrainingPenalty(tokenMultiplier: Double) -> Double? {
    optimalTokenMultiplier.map { cosh(computeExponent * log(tokenMultiplier / $0)) }
  }

  /// cosh(η·ln m)^{1/η}: the compute at M that gives the optimum's loss, in units of the optimum's.
  public func overTrainingComputeFactor(tokenMultiplier: Double) -> Double? {
    overTrainingPenalty(tokenMultiplier: tokenMultiplier).map { pow($0, 1 / computeExponent) }
  }

  /// E, A, B, α = β, η, a, b and M*.
  public var coefficients: [Coefficient] {
    [
      Coefficient("E", irreducibleLoss), Coefficient("A", parameterCoefficient),
      Coefficient("B", tokenCoefficient), Coefficient("alpha", exponent),
      Coefficient("beta", exponent), Coefficient("eta", computeExponent), Coefficient("a", a),
      Coefficient("b", b),
    ] + (optimalTokenMultiplier.map { [Coefficient("mStar", $0)] } ?? [])
  }

  /// E + A·N^−α + B·D^−α.
  public func loss(parameters: Double, tokens: Double) -> Double {
    irreducibleLoss + parameterCoefficient * pow(parameters, -exponent)
      + tokenCoefficient * pow(tokens, -exponent)
  }
}

/// Columns 1, N^−α, D^−α at x = (ln N, ln D).
extension OverTrainingLaw: SeparableLaw {
  /// E, A, B.
  public static var columns: Int { 3 }
  /// α.
  public static var exponentRanges: [ClosedRange<Double>] { [0.02...1.2] }
  /// Steps of 0.02.
  public static var gridPoints: Int { 60 }

  /// 1, n^−α, d^−α.
  public static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double> {
    SIMD3(1, exp(-exponents.x * x.x), exp(-exponents.x * x.y))
  }

  /// −A·ln n·n^−α − B·ln d·d^−α.
  public static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double> {
    let terms = row(x, exponents) * coefficients
    return SIMD2(-terms.y * x.x - terms.z * x.y, 0)
  }

  /// Undoes the shift: A = θ₁·e^{α·center}.
  public init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>) {
    self.init(
      E: coefficients.x, A: coefficients.y * exp(exponents.x * center.x),
      B: coefficients.z * exp(exponents.x * center.y), alpha: exponents.x)
  }
}
