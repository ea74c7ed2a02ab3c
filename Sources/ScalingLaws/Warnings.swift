import Foundation

extension Predictor {
  /// What the fit itself shows to be doubtful, in sentences.
  func warnings(_ data: LawData, _ options: FitOptions) -> [String] {
    var warnings: [String] = []
    for name in loss.zeroColumns {
      let missing = ["A": "size", "B": "tokens", "lambda": "compute"]
      warnings.append(
        name == "E"
          ? "E = 0 is the bound: no irreducible loss is identified, and intervals are one-sided"
          : "\(name) = 0 is the bound: the fit runs show no effect of \(missing[name] ?? "it")")
    }
    if loss.atGridEdge {
      warnings.append("an exponent ended at the edge of its range: the law does not fit these runs")
    }
    if loss.minima > 1 {
      warnings.append("the objective has \(loss.minima) valleys; the deepest was taken")
    }
    if loss.conditionNumber > 1e4 {
      let digits = String(format: "%.0e", loss.conditionNumber)
      warnings.append(
        "ill-conditioned (condition number \(digits)): coefficients trade off against each other,"
          + " so read predictions, not coefficients")
    }
    let degrees = loss.degreesOfFreedom
    if degrees <= 0 {
      warnings.append(
        "as many parameters as fit runs: the law passes through every point, and no interval can be"
          + " given")
    } else if degrees < 2 {
      warnings.append(
        "n − p = \(degrees): the intervals rest on one degree of freedom and are not calibrated")
    } else if degrees < 4 {
      warnings.append("n − p = \(degrees): calibrated intervals need at least 4")
    }
    if inflation.factor > 1.005 {
      let factor = String(format: "%.2f", inflation.factor)
      warnings.append(
        "intervals are widened by κ = \(factor): fitted on its cheaper runs alone, the law missed the"
          + " dearer ones by that many of its own standard deviations (\(inflation.comparisons)"
          + " comparisons)")
    }
    if options.law == .dataConstrained {
      warnings.append(
        "R*_D and R*_N were fitted after the law of fresh tokens, and κ is not measured for this law"
      )
    } else if data.lossFit.contains(where: { ($0.uniqueTokens ?? $0.tokens) < 0.999 * $0.tokens }),
      !data.warnings.contains(where: { $0.contains("repeated data") })
    {
      warnings.append(
        "some fit runs repeat tokens, which this law takes for fresh: --law data-constrained knows")
    }
    if let lack = LackOfFit(
      data.points, law: loss.lossLaw, parameterCount: options.law.parameterCount),
      lack.pValue < 0.05
    {
      let p = String(format: "%.2g", lack.pValue)
      warnings.append(
        "misspecified: the law misses the cells' means by more than seeds explain (lack of fit,"
          + " p = \(p)); intervals use the residuals, not the seed noise")
    }
    if let error {
      if error.exponential?.scale == 0 {
        warnings.append("k = 0: error does not fall with loss over the fit runs")
      }
      if error.atGridEdge {
        warnings.append(
          "γ ended at the edge of its range: the fit runs do not show how error bends with loss")
      }
      if error.degreesOfFreedom < 2 {
        warnings.append(
          "the error law has n − p = \(error.degreesOfFreedom): its intervals are not calibrated")
      }
    } else if let errorRefusal, !errorRefusal.isEmpty {
      warnings.append(errorRefusal)
    }
    return warnings
  }
}
