import Experiment
import Foundation

/// The loss laws that can be fitted.
public enum LawKind: String, Codable, Sendable, CaseIterable {
  /// α = β: four parameters
  case overTraining = "over-training"
  /// α and β free: five parameters
  case chinchilla
  /// α and β weakly tied: five parameters
  case weaklyTied = "weakly-tied"
  /// E = 0, α and β free: four parameters
  case floorless = "no-floor"
  /// E = 0, α and β weakly tied: four parameters
  case weaklyTiedFloorless = "weakly-tied-no-floor"
  /// a power of C and a floor: three parameters
  case computeOnly = "compute-only"
  /// two power laws under one exponent, E = 0: four parameters
  case kaplan
  /// α = β where tokens are fresh, and what repeated ones are worth: six parameters
  case dataConstrained = "data-constrained"

  /// The formula, for people.
  public var formula: String {
    switch self {
    case .overTraining: "L = E + (a·M^η + b·M^−η)·C^−η"
    case .chinchilla: "L = E + A·N^−α + B·D^−β"
    case .weaklyTied: "L = E + A·N^−α + B·D^−β, α near β"
    case .floorless: "L = A·N^−α + B·D^−β"
    case .weaklyTiedFloorless: "L = A·N^−α + B·D^−β, α near β"
    case .computeOnly: "L = E + λ·C^−η"
    case .kaplan: "L = [(N_c/N)^(α_N/α_D) + D_c/D]^α_D"
    case .dataConstrained: "L = E + A·N′^−α + B·D′^−α"
    }
  }

  /// p.
  public var parameterCount: Int {
    switch self {
    case .overTraining: OverTrainingLaw.parameterCount
    case .chinchilla, .weaklyTied: ChinchillaLaw.parameterCount
    case .floorless, .weaklyTiedFloorless: FloorlessLaw.parameterCount
    case .computeOnly: ComputeLaw.parameterCount
    case .kaplan: 4
    case .dataConstrained: 6
    }
  }

  /// The best law of this kind for `points`, which must have losses.
  func fit(_ points: [LawPoint], objective: Objective) throws(UserError) -> any LossFit {
    if self != .dataConstrained { try requireIdentifiable(points) }
    let samples = points.map(\.sample)
    switch self {
    case .dataConstrained:
      return try DataConstrainedFit(points, objective: objective)
    case .floorless:
      return FittedLaw<FloorlessLaw>(samples, objective: objective)
    case .weaklyTied:
      return FittedLaw<WeaklyTied<ChinchillaLaw>>(samples, objective: objective)
    case .weaklyTiedFloorless:
      return FittedLaw<WeaklyTied<FloorlessLaw>>(samples, objective: objective)
    case .computeOnly:
      return FittedLaw<ComputeLaw>(samples, objective: objective)
    case .kaplan:
      return KaplanFit(samples, objective: objective)
    case .overTraining:
      return FittedLaw<OverTrainingLaw>(samples, objective: objective)
    case .chinchilla:
      return FittedLaw<ChinchillaLaw>(samples, objective: objective)
    }
  }

  /// The over-training laws of `points` and of other training sets with one exponent for all; the
  /// first is that of `points`.
  func fit(
    _ points: [LawPoint], sharingExponentWith others: [[LawPoint]], objective: Objective, draws: Int
  ) throws(UserError) -> any LossFit {
    guard self == .overTraining else {
      throw UserError(
        .usage, "the \(rawValue) law cannot share an exponent between training sets",
        fix: "pool with --law over-training")
    }
    for set in [points] + others { try requireIdentifiable(set) }
    return FittedLaw<OverTrainingLaw>.sharing(
      ([points] + others).map { $0.map(\.sample) },
      objective: objective, draws: draws)[0]
  }

  /// Refuses designs from which no data could tell the parameters apart.
  private func requireIdentifiable(_ points: [LawPoint]) throws(UserError) {
    let p = parameterCount
    func refused(_ what: String, _ fix: String) -> UserError {
      UserError(.badData, "cannot fit the \(rawValue) law: \(what)", fix: fix)
    }
    let cells = Set(points.map(\.coordinates))
    guard cells.count >= p else {
      throw refused(
        "\(cells.count) different fit runs for \(p) parameters",
        "fit on at least \(p + 1) runs, better \(p + 4); a run is for fitting when its role is fit")
    }
    if self == .computeOnly { return }
    let spread = points.map { Foundation.log($0.tokenMultiplier) }
    if let low = spread.min(), let high = spread.max(), high - low < 0.05 {
      throw refused(
        "all fit runs lie on one ray D = \(Int(exp(low).rounded()))·N, where more parameters and"
          + " more tokens always come together, so A and B cannot be told apart",
        "add a run far off the ray; the smallest size at 16 times this M is the cheapest")
    }
    let sizes = Set(points.map(\.parameters)).count
    let horizons = Set(points.map(\.tokens)).count
    guard sizes > 1 else {
      throw refused(
        "all fit runs have the same N, so A and E cannot be told apart", "add another size")
    }
    guard horizons > 1 else {
      throw refused(
        "all fit runs have the same D, so B and E cannot be told apart",
        "add runs with other token counts")
    }
    // Without a floor, two sizes fix the power of N.
    let enough = self == .chinchilla ? min(sizes, horizons) >= 3 : max(sizes, horizons) >= 3
    guard enough else {
      throw refused(
        "\(sizes) sizes and \(horizons) token counts cannot fix the exponents",
        "fit on at least three sizes and three token counts")
    }
  }
}

/// A fitted loss law of whatever kind.
protocol LossFit: ResidualFit {
  var lossLaw: any LossLaw { get }
  var value: Double { get }
  var zeroColumns: [String] { get }
  var atGridEdge: Bool { get }
  var minima: Int { get }
  var conditionNumber: Double { get }
  func profiles(level: Double) -> [ProfileInterval]
  func lossDraws(_ count: Int, random: inout RandomSource) -> [LossDraw]
}

/// A loss law that could as well have been found, and its noise.
struct LossDraw: Sendable {
  let law: any LossLaw
  let sigma: Double
}

extension FittedLaw: LossFit where Law: LossLaw {
  var lossLaw: any LossLaw { law }
  func lossDraws(_ count: Int, random: inout RandomSource) -> [LossDraw] {
    draws(count, random: &random).map { LossDraw(law: $0.law, sigma: $0.sigma) }
  }
}
