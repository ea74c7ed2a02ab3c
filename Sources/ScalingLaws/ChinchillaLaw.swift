import Foundation

/// Hoffmann et al. 2022 (arXiv 2203.15556), approach 3, with free exponents:
///
///     L(N, D) = E + A·N^−α + B·D^−β
///
/// In (C, M): L = E + A·6^{α/2}·M^{α/2}·C^{−α/2} + B·6^{β/2}·M^{−β/2}·C^{−β/2}. At one M it is a
/// sum of two power laws, and the optimal M moves with C unless α = β.
public struct ChinchillaLaw: LossLaw, Equatable {
  /// E, in nats per token.
  public let irreducibleLoss: Double
  /// A.
  public let parameterCoefficient: Double
  /// B.
  public let tokenCoefficient: Double
  /// α.
  public let parameterExponent: Double
  /// β.
  public let tokenExponent: Double

  /// L = E + A·N^−α + B·D^−β.
  public init(E: Double, A: Double, B: Double, alpha: Double, beta: Double) {
    irreducibleLoss = E
    parameterCoefficient = A
    tokenCoefficient = B
    parameterExponent = alpha
    tokenExponent = beta
  }

  /// G = (αA/(βB))^{1/(α+β)}, nil when a term is missing.
  private var balance: Double? {
    let (α, β) = (parameterExponent, tokenExponent)
    guard parameterCoefficient > 0, tokenCoefficient > 0 else { return nil }
    return pow(α * parameterCoefficient / (β * tokenCoefficient), 1 / (α + β))
  }

  /// N* = G·(C/6)^{β/(α+β)} and D* = G⁻¹·(C/6)^{α/(α+β)}, nil when a term is missing.
  public func optimum(compute: Double) -> (parameters: Double, tokens: Double)? {
    let (α, β) = (parameterExponent, tokenExponent)
    return balance.map {
      ($0 * pow(compute / 6, β / (α + β)), pow(compute / 6, α / (α + β)) / $0)
    }
  }

  /// M*(C) = D*/N*.
  public func optimalTokenMultiplier(compute: Double) -> Double? {
    optimum(compute: compute).map { $0.tokens / $0.parameters }
  }

  /// E, A, B, α and β.
  public var coefficients: [Coefficient] {
    [
      Coefficient("E", irreducibleLoss), Coefficient("A", parameterCoefficient),
      Coefficient("B", tokenCoefficient), Coefficient("alpha", parameterExponent),
      Coefficient("beta", tokenExponent),
    ]
  }

  /// E + A·N^−α + B·D^−β.
  public func loss(parameters: Double, tokens: Double) -> Double {
    irreducibleLoss + parameterCoefficient * pow(parameters, -parameterExponent)
      + tokenCoefficient * pow(tokens, -tokenExponent)
  }
}

/// Columns 1, N^−α, D^−β at x = (ln N, ln D).
extension ChinchillaLaw: SeparableLaw {
  /// E, A, B.
  public static var columns: Int { 3 }
  /// α and β.
  public static var exponentRanges: [ClosedRange<Double>] { [0.02...1.2, 0.02...1.2] }
  /// 32 × 32.
  public static var gridPoints: Int { 32 }

  /// 1, n^−α, d^−β.
  public static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double> {
    SIMD3(1, exp(-exponents.x * x.x), exp(-exponents.y * x.y))
  }

  /// −A·ln n·n^−α and −B·ln d·d^−β.
  public static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double> {
    let terms = row(x, exponents) * coefficients
    return SIMD2(-terms.y * x.x, -terms.z * x.y)
  }

  /// Undoes the shift: A = θ₁·e^{α·center}.
  public init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>) {
    self.init(
      E: coefficients.x, A: coefficients.y * exp(exponents.x * center.x),
      B: coefficients.z * exp(exponents.y * center.y), alpha: exponents.x, beta: exponents.y)
  }
}
