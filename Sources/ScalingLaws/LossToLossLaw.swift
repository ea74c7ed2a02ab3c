import Experiment
import Foundation

/// Loss on one set from loss on another, of the same runs or of runs of the same (N, D) on two
/// training sets (Brandfonbrener et al. 2024, arXiv 2411.12925):
///
///     L₁ = K·(L₀ − E₀)^κ + E₁
///
/// E₀ and E₁ come from each set's own law; then it is a line in logarithms. If both sets follow laws
/// of the same exponents and the same ratio A/B, κ is 1 and K the ratio of their coefficients.
public struct LossToLossLaw: Codable, Equatable, Sendable {
  /// K.
  public let scale: Double
  /// κ.
  public let exponent: Double
  /// E₀.
  public let fromFloor: Double
  /// E₁.
  public let toFloor: Double

  /// L₁ = K·(L₀ − E₀)^κ + E₁.
  public init(K: Double, kappa: Double, E0: Double, E1: Double) {
    scale = K
    exponent = kappa
    fromFloor = E0
    toFloor = E1
  }

  /// L₁ at L₀ > E₀; E₁ below.
  public func loss(from loss: Double) -> Double {
    toFloor + scale * pow(max(0, loss - fromFloor), exponent)
  }

  /// The law the other way: L₀ from L₁.
  public var inverse: LossToLossLaw {
    LossToLossLaw(
      K: pow(scale, -1 / exponent), kappa: 1 / exponent, E0: toFloor, E1: fromFloor)
  }

  /// A law fitted on pairs, and how well it holds.
  public struct Fitted: Codable, Equatable, Sendable {
    /// The law.
    public let law: LossToLossLaw
    /// Pairs that it rests on.
    public let pairs: Int
    /// Share of the variance of ln(L₁ − E₁) that the line explains.
    public let rSquared: Double
    /// SD of ln L₁ about the law, a share of the loss.
    public let residualSD: Double
    /// Standard error of κ.
    public let exponentSE: Double
  }

  /// The line of ln(L₁ − E₁) on ln(L₀ − E₀) over runs with both losses.
  ///
  /// - Throws: `UserError` of kind `badData` for fewer than three pairs above both floors, or pairs
  ///   of one L₀.
  public static func fit(
    _ pairs: [(from: Double, to: Double)], E0: Double, E1: Double
  ) throws(UserError) -> Fitted {
    let above = pairs.filter { $0.from > E0 && $0.to > E1 }
    guard Set(above.map(\.from)).count >= 3 else {
      throw UserError(
        .badData, "\(above.count) pairs of losses above their floors, and a line needs three",
        fix: "give runs that have a loss on both sets")
    }
    let x = above.map { log($0.from - E0) }
    let y = above.map { log($0.to - E1) }
    let n = Double(above.count)
    let (mx, my) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    let sxx = x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }
    let sxy = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
    let syy = y.reduce(0) { $0 + ($1 - my) * ($1 - my) }
    let slope = sxy / sxx
    let law = LossToLossLaw(K: exp(my - slope * mx), kappa: slope, E0: E0, E1: E1)
    let rss = max(0, syy - slope * sxy)
    let degrees = max(1, n - 2)
    let misses = above.reduce(0) {
      let r = log($1.to / law.loss(from: $1.from))
      return $0 + r * r
    }
    return Fitted(
      law: law, pairs: above.count, rSquared: syy > 0 ? 1 - rss / syy : 1,
      residualSD: (misses / degrees).squareRoot(), exponentSE: (rss / degrees / sxx).squareRoot())
  }

  /// The law from the losses of `data` to those of `other`, over runs of equal N and D (to a part in
  /// a thousand) that are not held out; E₀ and E₁ are of the over-training law of each, or 0 where
  /// those cannot be fitted.
  ///
  /// - Throws: `UserError` of kind `badData` for fewer than three pairs.
  public static func fit(
    from data: LawData, to other: LawData, objective: Objective = .log
  ) throws(UserError) -> Fitted {
    func known(_ data: LawData) -> [LawPoint] {
      data.points.filter { $0.loss != nil && $0.role != .holdout && $0.role != .replicate }
    }
    func floor(_ points: [LawPoint]) -> Double {
      (try? LawKind.overTraining.fit(points, objective: objective))?.lossLaw.irreducibleLoss ?? 0
    }
    let (mine, theirs) = (known(data), known(other))
    let pairs = mine.compactMap { point in
      theirs.first {
        abs($0.parameters / point.parameters - 1) < 1e-3 && abs($0.tokens / point.tokens - 1) < 1e-3
      }.map { (from: point.loss ?? .nan, to: $0.loss ?? .nan) }
    }
    return try fit(pairs, E0: floor(mine), E1: floor(theirs))
  }
}
