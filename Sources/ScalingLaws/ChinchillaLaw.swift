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
  var balance: Double? {
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

/// The same law in its other forms, and what follows from them.
extension ChinchillaLaw {
  /// Hoffmann et al.'s form for fitting, L = e^E + e^(a − α·ln N) + e^(b − β·ln D), its letters being
  /// logarithms.
  public init(logA a: Double, logB b: Double, logE e: Double, alpha: Double, beta: Double) {
    self.init(E: exp(e), A: exp(a), B: exp(b), alpha: alpha, beta: beta)
  }

  /// L = E + a·M^{α/2}·C^{−α/2} + b·M^{−β/2}·C^{−β/2}: a = A·6^{α/2} and b = B·6^{β/2}.
  public init(E: Double, a: Double, b: Double, alpha: Double, beta: Double) {
    self.init(
      E: E, A: a * pow(6, -alpha / 2), B: b * pow(6, -beta / 2), alpha: alpha, beta: beta)
  }

  /// a = A·6^{α/2}, of the form in (C, M).
  public var a: Double { parameterCoefficient * pow(6, parameterExponent / 2) }
  /// b = B·6^{β/2}, of the form in (C, M).
  public var b: Double { tokenCoefficient * pow(6, tokenExponent / 2) }

  /// N* ∝ C^{β/(α+β)} and D* ∝ C^{α/(α+β)}.
  public var optimumExponents: (parameters: Double, tokens: Double) {
    let sum = parameterExponent + tokenExponent
    return (tokenExponent / sum, parameterExponent / sum)
  }

  /// αβ/(α+β): the slope of the reducible loss against compute along the optimum, or at any fixed
  /// ratio m = M/M*(C) to it.
  public var frontierExponent: Double {
    parameterExponent * tokenExponent / (parameterExponent + tokenExponent)
  }

  /// L at m times the optimal tokens per parameter of this compute (Gadre et al., app. B):
  ///
  ///     L = E + [m^{α/2}·A·G^−α + m^{−β/2}·B·G^β]·(C/6)^{−αβ/(α+β)}
  ///
  /// nil when a term is missing.
  public func loss(compute: Double, overTraining m: Double) -> Double? {
    let (α, β) = (parameterExponent, tokenExponent)
    return balance.map { g in
      let height =
        pow(m, α / 2) * parameterCoefficient * pow(g, -α)
        + pow(m, -β / 2) * tokenCoefficient * pow(g, β)
      return irreducibleLoss + height * pow(compute / 6, -frontierExponent)
    }
  }

  /// The least loss of a compute.
  public func frontierLoss(compute: Double) -> Double? { loss(compute: compute, overTraining: 1) }

  /// (β·m^{α/2} + α·m^{−β/2})/(α + β): the reducible loss at m = M/M*(C) in units of the optimum's at
  /// equal compute. A and B drop out, since αA·N*^−α = βB·D*^−β; with α = β it is cosh(η·ln m).
  public func overTrainingPenalty(_ m: Double) -> Double {
    let (α, β) = (parameterExponent, tokenExponent)
    return (β * pow(m, α / 2) + α * pow(m, -β / 2)) / (α + β)
  }

  /// The compute at m = M/M*(C) that gives the optimum's loss, in units of the optimum's.
  public func overTrainingComputeFactor(_ m: Double) -> Double {
    pow(overTrainingPenalty(m), 1 / frontierExponent)
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
