import Experiment
import Foundation

/// `DataConstrainedLaw` in two stages, as Muennighoff et al. fitted it: the law of fresh tokens, α = β,
/// on the runs whose tokens are all distinct; then R*_D and R*_N on the runs that repeat, with the first
/// as it is. Loss is that of the fresh law at (N′, D′), and so is its precision.
struct DataConstrainedFit: LossFit {
  private let base: FittedLaw<OverTrainingLaw>
  private let law: DataConstrainedLaw
  private let repeated: [DataConstrainedLaw.Run]
  let residualSquares: Double
  let value: Double
  private let count: Int

  /// - Throws: `UserError` of kind `badData` for fewer than three repeating runs, or fresh ones that do
  ///   not fix their law.
  init(_ points: [LawPoint], objective: Objective) throws(UserError) {
    func isRepeated(_ point: LawPoint) -> Bool {
      (point.uniqueTokens ?? point.tokens) < point.tokens * 0.999
    }
    let fresh = points.filter { !isRepeated($0) }
    repeated = points.filter(isRepeated).map {
      ($0.parameters, $0.tokens, $0.uniqueTokens ?? $0.tokens, $0.loss ?? .nan)
    }
    guard points.allSatisfy({ $0.weight ?? 1 == 1 }) else {
      throw UserError(
        .usage, "the data-constrained law does not know weights",
        fix: "drop the column weight, or choose another law")
    }
    guard repeated.count >= 3 else {
      throw UserError(
        .badData,
        "cannot fit the data-constrained law: \(repeated.count) fit runs repeat tokens, and R*_D and"
          + " R*_N need three",
        fix: "add a column unique, the distinct tokens among D, and runs of several epochs")
    }
    let found = try LawKind.overTraining.fit(fresh, objective: objective)
    guard let fit = found as? FittedLaw<OverTrainingLaw>, let form = ChinchillaLaw(fit.law),
      form.parameterCoefficient > 0, form.tokenCoefficient > 0
    else {
      throw UserError(
        .badData, "the runs of fresh tokens show no effect of size or of tokens",
        fix: "add fresh runs of several sizes and lengths")
    }
    base = fit
    let law = DataConstrainedLaw(base: form, runs: repeated)
    self.law = law
    count = points.count
    let residuals = points.map {
      objective.residual(measured: $0.loss ?? .nan, predicted: law.loss(of: $0))
    }
    residualSquares = dot(residuals, residuals)
    value = residuals.reduce(0) { $0 + objective.penalty($1) }
  }

  var lossLaw: any LossLaw { law }
  var degreesOfFreedom: Int { count - LawKind.dataConstrained.parameterCount }
  var zeroColumns: [String] { base.zeroColumns }
  var atGridEdge: Bool {
    base.atGridEdge
      || [law.repetitionScale, law.excessScale].contains { !(0.11...900).contains($0) }
  }
  var minima: Int { base.minima }
  var conditionNumber: Double { base.conditionNumber }
  func profiles(level: Double) -> [ProfileInterval] { [] }

  /// The fresh law's, with the residuals of all runs in the place of its own.
  func predictionSD(at coordinates: SIMD2<Double>) -> Double? {
    guard let own = base.residualSD, own > 0, let all = residualSD else { return nil }
    return base.predictionSD(at: coordinates).map { $0 * max(1, all / own) }
  }

  func halfWidth(at coordinates: SIMD2<Double>, level: Double) -> Double? {
    predictionSD(at: coordinates).map {
      StudentT.quantile(level: level, degrees: max(1, base.degreesOfFreedom)) * $0
    }
  }

  /// Draws of the fresh law, each with scales refitted on repeating runs made anew.
  func lossDraws(_ count: Int, random: inout RandomSource) -> [LossDraw] {
    guard degreesOfFreedom > 0 else { return [] }
    return base.draws(count, random: &random).compactMap { draw in
      guard let form = ChinchillaLaw(draw.law), form.parameterCoefficient > 0,
        form.tokenCoefficient > 0
      else { return nil }
      let sigma = max(draw.sigma, residualSD ?? 0)
      let made = repeated.map { run in
        let loss = law.loss(parameters: run.parameters, tokens: run.tokens, unique: run.unique)
        return (
          run.parameters, run.tokens, run.unique,
          base.objective.perturbed(loss, by: sigma * random.normal())
        )
      }
      return LossDraw(
        law: DataConstrainedLaw(base: form, runs: made, near: law), sigma: sigma)
    }
  }
}

extension DataConstrainedLaw: LossLaw {
  /// E.
  public var irreducibleLoss: Double { base.irreducibleLoss }
  /// Those of the law of fresh tokens, R*_D and R*_N.
  public var coefficients: [Coefficient] {
    base.coefficients + [
      Coefficient("repetitionScale", repetitionScale), Coefficient("excessScale", excessScale),
    ]
  }
  /// L of fresh tokens.
  public func loss(parameters: Double, tokens: Double) -> Double {
    loss(parameters: parameters, tokens: tokens, unique: tokens)
  }
  /// L of tokens of which `unique` are distinct; all, when nil.
  public func loss(parameters: Double, tokens: Double, unique: Double?) -> Double {
    loss(parameters: parameters, tokens: tokens, unique: min(unique ?? tokens, tokens))
  }
}
