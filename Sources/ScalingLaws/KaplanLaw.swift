import Foundation

/// Kaplan et al. 2020 (arXiv 2001.08361, eq. 1.5): two power laws under one exponent, no floor:
///
///     L(N, D) = [(N_c/N)^{α_N/α_D} + D_c/D]^{α_D}
///
/// Unlimited data give L(N) = (N_c/N)^{α_N}, an unlimited model L(D) = (D_c/D)^{α_D}. In the paper N
/// has no embeddings. A baseline: text has entropy, so a law without E must fail far out.
public struct KaplanLaw: LossLaw, Equatable {
  /// N_c.
  public let parameterScale: Double
  /// D_c.
  public let tokenScale: Double
  /// α_N.
  public let parameterExponent: Double
  /// α_D.
  public let tokenExponent: Double

  /// L = [(Nc/N)^{αN/αD} + Dc/D]^{αD}.
  public init(Nc: Double, Dc: Double, alphaN: Double, alphaD: Double) {
    parameterScale = Nc
    tokenScale = Dc
    parameterExponent = alphaN
    tokenExponent = alphaD
  }

  /// The paper's numbers for WebText2: N_c 6.4e13, D_c 1.8e13, α_N 0.076, α_D 0.103.
  public static let published = KaplanLaw(Nc: 6.4e13, Dc: 1.8e13, alphaN: 0.076, alphaD: 0.103)

  /// 0.
  public var irreducibleLoss: Double { 0 }

  /// N_c, D_c, α_N and α_D.
  public var coefficients: [Coefficient] {
    [
      Coefficient("Nc", parameterScale), Coefficient("Dc", tokenScale),
      Coefficient("alphaN", parameterExponent), Coefficient("alphaD", tokenExponent),
    ]
  }

  /// [(N_c/N)^{α_N/α_D} + D_c/D]^{α_D}.
  public func loss(parameters: Double, tokens: Double) -> Double {
    let size = pow(parameterScale / parameters, parameterExponent / tokenExponent)
    return pow(size + tokenScale / tokens, tokenExponent)
  }

  /// L(N) = (N_c/N)^{α_N}: the limit of unlimited data.
  public func loss(parameters: Double) -> Double {
    pow(parameterScale / parameters, parameterExponent)
  }

  /// L(D) = (D_c/D)^{α_D}: the limit of an unlimited model.
  public func loss(tokens: Double) -> Double { pow(tokenScale / tokens, tokenExponent) }

  /// N*(C) ∝ C^{α_D/(α_N + α_D)} and D* = C/(6N*), where runs are trained to the end.
  public func optimum(compute: Double) -> (parameters: Double, tokens: Double) {
    let p = parameterExponent / tokenExponent
    let n = pow(p * pow(parameterScale, p) * compute / (6 * tokenScale), 1 / (1 + p))
    return (n, compute / (6 * n))
  }
}

/// The same paper's law of unfinished training (eq. 1.6), in parameters and steps:
///
///     L(N, S) = (N_c/N)^{α_N} + (S_c/S_min)^{α_S}     S_min = S/(1 + B_crit(L)/B)
///     B_crit(L) = B*/L^{1/α_B}
///
/// S_min are the steps that a very large batch would have needed. Fitted, it is the law without a
/// floor with S_min in the place of D.
public struct KaplanStepLaw: Equatable, Sendable {
  /// N_c and α_N.
  public let size: (scale: Double, exponent: Double)
  /// S_c and α_S.
  public let steps: (scale: Double, exponent: Double)
  /// B*, in tokens, and α_B.
  public let batch: (scale: Double, exponent: Double)

  /// All numbers; the defaults are the paper's.
  public init(
    Nc: Double = 6.5e13, alphaN: Double = 0.077, Sc: Double = 2.1e3, alphaS: Double = 0.76,
    criticalBatch: Double = 2e8, alphaB: Double = 0.21
  ) {
    size = (Nc, alphaN)
    steps = (Sc, alphaS)
    batch = (criticalBatch, alphaB)
  }

  /// The law that was fitted on (N, S_min): A = N_c^{α_N}, B = S_c^{α_S}.
  public init(_ law: FloorlessLaw) {
    self.init(
      Nc: pow(law.parameterCoefficient, 1 / law.parameterExponent),
      alphaN: law.parameterExponent, Sc: pow(law.tokenCoefficient, 1 / law.tokenExponent),
      alphaS: law.tokenExponent)
  }

  /// L(N, S_min).
  public func loss(parameters: Double, minimumSteps: Double) -> Double {
    pow(size.scale / parameters, size.exponent) + pow(steps.scale / minimumSteps, steps.exponent)
  }

  /// B_crit(L), in tokens.
  public func criticalBatch(loss: Double) -> Double { batch.scale * pow(loss, -1 / batch.exponent) }

  /// S_min of `steps` steps of `batchTokens` tokens at a loss.
  public func minimumSteps(_ steps: Double, batchTokens: Double, loss: Double) -> Double {
    steps / (1 + criticalBatch(loss: loss) / batchTokens)
  }

  /// Equal numbers.
  public static func == (a: Self, b: Self) -> Bool {
    a.size == b.size && a.steps == b.steps && a.batch == b.batch
  }
}
