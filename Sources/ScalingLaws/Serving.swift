import Experiment
import Foundation

/// The cheapest model of a given loss when it will also serve tokens (Sardana et al. 2023, arXiv
/// 2401.00448):
///
///     min 6·N·D + 2·N·D_serve   such that L(N, D) = ℓ
///
/// At the optimum αA·N^−α/(βB·D^−β) = 1 + D_serve/(3D): the more it serves, the smaller and the
/// longer trained.
public struct Serving: Sendable {
  /// A model that reaches the loss.
  public struct Model: Codable, Sendable, Equatable {
    /// N.
    public let parameters: Double
    /// D.
    public let tokens: Double
    /// 6·N·D.
    public let trainingFLOPs: Double
    /// 2·N·D_serve.
    public let servingFLOPs: Double
    /// Both.
    public var totalFLOPs: Double { trainingFLOPs + servingFLOPs }
    /// M = D/N.
    public var tokenMultiplier: Double { tokens / parameters }
  }

  private let law: ChinchillaLaw
  /// ℓ.
  public let loss: Double
  /// D_serve.
  public let servedTokens: Double

  /// - Throws: `UserError` for a loss that the law never reaches, or a law without one of its terms.
  public init(_ law: any LossLaw, loss: Double, servedTokens: Double) throws(UserError) {
    guard let form = ChinchillaLaw(law), form.parameterCoefficient > 0, form.tokenCoefficient > 0
    else {
      throw UserError(
        .badData, "the law has no trade of parameters against tokens",
        fix: "fit the over-training or the chinchilla law on runs of several N and M")
    }
    guard loss > form.irreducibleLoss, loss.isFinite, servedTokens >= 0 else {
      throw UserError(
        .usage, "a loss of \(loss) is not reached by any run: E is \(form.irreducibleLoss)",
        fix: "ask for a loss above E")
    }
    self.law = form
    self.loss = loss
    self.servedTokens = servedTokens
  }

  /// The cheapest model for what it serves.
  public var cheapest: Model { cheapest(serving: servedTokens) }
  /// The cheapest model to train.
  public var cheapestToTrain: Model { cheapest(serving: 0) }

  private func cheapest(serving served: Double) -> Model {
    let (α, β) = (law.parameterExponent, law.tokenExponent)
    func excess(_ logN: Double) -> Double {
      let n = exp(logN)
      let d = tokens(parameters: n)
      return log(
        α * law.parameterCoefficient * pow(n, -α) / (β * law.tokenCoefficient * pow(d, -β)))
        - log(1 + served / (3 * d))
    }
    // At the least N that can reach ℓ, D is infinite; the condition falls from there on.
    var low = log(law.parameterCoefficient / (loss - law.irreducibleLoss)) / α + 1e-9
    var high = low + 60
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if excess(middle) > 0 { low = middle } else { high = middle }
    }
    return model(exp((low + high) / 2))
  }

  /// D(N) = (B/(ℓ − E − A·N^−α))^{1/β}.
  private func tokens(parameters: Double) -> Double {
    let left =
      loss - law.irreducibleLoss
      - law.parameterCoefficient * pow(parameters, -law.parameterExponent)
    return left > 0 ? pow(law.tokenCoefficient / left, 1 / law.tokenExponent) : .infinity
  }

  private func model(_ parameters: Double) -> Model {
    let d = tokens(parameters: parameters)
    return Model(
      parameters: parameters, tokens: d, trainingFLOPs: 6 * parameters * d,
      servingFLOPs: 2 * parameters * servedTokens)
  }

  /// The model with `tokenMultiplier` tokens per parameter that reaches the loss.
  public func model(tokenMultiplier m: Double) -> Model {
    var (low, high) = (0.0, 80.0)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if law.loss(parameters: exp(middle), tokens: m * exp(middle)) > loss {
        low = middle
      } else {
        high = middle
      }
    }
    let n = exp((low + high) / 2)
    return Model(
      parameters: n, tokens: m * n, trainingFLOPs: 6 * n * m * n,
      servingFLOPs: 2 * n * servedTokens)
  }

  /// Served tokens from which `model` costs less in all than the one that is cheapest to train; nil
  /// where it is no smaller.
  public func breakEven(_ model: Model) -> Double? {
    let other = cheapestToTrain
    guard model.parameters < other.parameters else { return nil }
    return max(0, model.trainingFLOPs - other.trainingFLOPs)
      / (2 * (other.parameters - model.parameters))
  }
}

extension Fit {
  /// The loss at which the average error is `error`, by the error law; nil without one, or where no
  /// loss between E and that of the worst run gives it.
  public func loss(forError error: Double) -> Double? {
    let highest = data.points.compactMap(\.loss).max() ?? 20
    var (low, high) = (lossLaw.irreducibleLoss, 2 * highest)
    guard let least = self.error(atLoss: low), let most = self.error(atLoss: high), error > least,
      error < most
    else { return nil }
    for _ in 0..<200 {
      let middle = (low + high) / 2
      guard let found = self.error(atLoss: middle) else { return nil }
      if found < error { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}

extension ChinchillaLaw {
  /// Another law of two powers in this form; nil for others.
  public init?(_ law: any LossLaw) {
    switch law {
    case let law as ChinchillaLaw: self = law
    case let law as WeaklyTied<ChinchillaLaw>: self = law.base
    case let law as WeaklyTied<FloorlessLaw>: self.init(law.base)
    case let law as OverTrainingLaw:
      self.init(
        E: law.irreducibleLoss, A: law.parameterCoefficient, B: law.tokenCoefficient,
        alpha: law.exponent, beta: law.exponent)
    case let law as FloorlessLaw:
      self.init(
        E: 0, A: law.parameterCoefficient, B: law.tokenCoefficient, alpha: law.parameterExponent,
        beta: law.tokenExponent)
    default: return nil
    }
  }
}
