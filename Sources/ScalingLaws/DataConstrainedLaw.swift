import Foundation

/// Muennighoff et al. 2023 (arXiv 2305.16264): loss when tokens repeat.
///
///     L = E + A/N′^α + B/D′^β
///     D′ = U_D + U_D·R*_D·(1 − e^{−R_D/R*_D})     R_D = max(D/U_D − 1, 0)
///     N′ = U_N + U_N·R*_N·(1 − e^{−R_N/R*_N})     R_N = max(N/U_N − 1, 0)
///
/// U_D are the distinct tokens, and U_N = min(N, N_opt(U_D)) the parameters that those can feed,
/// N_opt(U) = (U·G)^{β/α}·G with G = (αA/(βB))^{1/(α+β)}. Up to about four epochs a repeated token
/// is nearly worth a fresh one.
public struct DataConstrainedLaw: Equatable, Sendable {
  /// The law of fresh tokens.
  public let base: ChinchillaLaw
  /// R*_D: repetitions after which a token has lost most of its worth.
  public let repetitionScale: Double
  /// R*_N: the same for parameters beyond those that the distinct tokens can feed.
  public let excessScale: Double

  /// A law of fresh tokens with the two scales of decay.
  public init(base: ChinchillaLaw, repetitionScale: Double, excessScale: Double) {
    self.base = base
    self.repetitionScale = repetitionScale
    self.excessScale = excessScale
  }

  /// D′: what `tokens`, of which `unique` are distinct, are worth in fresh ones.
  public func effectiveTokens(_ tokens: Double, unique: Double) -> Double {
    saturating(min(tokens, unique), max(tokens / unique - 1, 0), repetitionScale)
  }

  /// N′.
  public func effectiveParameters(_ parameters: Double, unique: Double) -> Double {
    let (α, β) = (base.parameterExponent, base.tokenExponent)
    let balance = pow(
      α * base.parameterCoefficient / (β * base.tokenCoefficient), 1 / (α + β))
    let fed = min(parameters, pow(unique * balance, β / α) * balance)
    return saturating(fed, max(parameters / fed - 1, 0), excessScale)
  }

  private func saturating(_ unit: Double, _ repeats: Double, _ scale: Double) -> Double {
    unit + unit * scale * (1 - exp(-repeats / scale))
  }

  /// L, in nats per token, of a run on `tokens` tokens of which `unique` are distinct.
  public func loss(parameters: Double, tokens: Double, unique: Double) -> Double {
    base.loss(
      parameters: effectiveParameters(parameters, unique: unique),
      tokens: effectiveTokens(tokens, unique: unique))
  }

  /// A run on repeated data.
  public typealias Run = (parameters: Double, tokens: Double, unique: Double, loss: Double)

  /// The scales that fit `runs` best in squared log loss, with the law of fresh tokens as it is: a
  /// grid from a tenth to a thousand repetitions, zoomed into.
  ///
  /// - Parameter near: where to begin instead of the grid
  public init(base: ChinchillaLaw, runs: [Run], near start: DataConstrainedLaw? = nil) {
    precondition(!runs.isEmpty)
    func squares(_ law: DataConstrainedLaw) -> Double {
      runs.reduce(0) {
        let r = log(
          $1.loss / law.loss(parameters: $1.parameters, tokens: $1.tokens, unique: $1.unique))
        return $0 + r * r
      }
    }
    func law(_ at: SIMD2<Double>) -> DataConstrainedLaw {
      DataConstrainedLaw(base: base, repetitionScale: exp(at.x), excessScale: exp(at.y))
    }
    let (low, high) = (log(0.1), log(1000.0))
    var step = (high - low) / 24
    var best = (at: SIMD2(low, low), value: Double.infinity)
    func look(_ at: SIMD2<Double>) {
      let value = squares(law(at))
      if value < best.value { best = (at, value) }
    }
    if let start {
      look(SIMD2(log(start.repetitionScale), log(start.excessScale)))
    } else {
      for i in 0...24 {
        for j in 0...24 { look(SIMD2(low + step * Double(i), low + step * Double(j))) }
      }
    }
    let finest = start == nil ? 1e-9 : 1e-2
    while step > finest {
      let center = best.at
      for i in -2...2 {
        for j in -2...2 {
          let at = center + step / 2 * SIMD2(Double(i), Double(j))
          look(at.clamped(lowerBound: SIMD2(low, low), upperBound: SIMD2(high, high)))
        }
      }
      if best.at == center { step /= 2 }
    }
    self = law(best.at)
  }
}
