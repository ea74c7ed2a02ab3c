import Foundation

/// A named fact.
public struct Fact: Codable, Sendable, Equatable {
  /// What it says something of.
  public let name: String
  /// What it says.
  public let value: String

  /// - Parameters:
  ///   - name: what it says something of
  ///   - value: what it says
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

extension Fit {
  /// What a reader needs to judge or repeat the fit, point by point: the checklist of (Mis)Fitting
  /// (Li et al. 2025, arXiv 2502.18969). What the source does not say is named as missing.
  public var checklist: [Fact] {
    func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
    func number(_ value: Double) -> String { String(format: "%.3g", value) }
    func span(_ values: [Double]) -> String {
      let (low, high) = (values.min() ?? .nan, values.max() ?? .nan)
      return low == high ? number(low) : "\(number(low)) to \(number(high))"
    }
    let fitted = data.lossFit
    let missing = "not stated in \(data.source)"
    let residual = residualSD.map {
      options.objective.isRelative ? percent($0) : "\(number($0)) nats"
    }
    var facts = [
      Fact(
        name: "Hypothesis and form",
        value: "\(options.law.rawValue) law: \(options.law.formula), all ≥ 0"
          + (errorFitCount > 0 ? "; \(options.errorRule.formula)" : "")),
      Fact(
        name: "Models",
        value: "\(fitted.count) runs of \(Set(fitted.map(\.parameters)).count) sizes, N"
          + " \(span(fitted.map(\.parameters))), M \(span(fitted.map(\.tokenMultiplier))), C"
          + " \(span(fitted.map(\.compute))); \(data.recipe?["Shape"] ?? "shape \(missing)")"),
      Fact(
        name: "Data",
        value: (data.recipe?["Data"] ?? missing)
          + (fitted.contains { ($0.uniqueTokens ?? $0.tokens) < $0.tokens }
            ? "; some tokens repeat"
            : fitted.allSatisfy { $0.uniqueTokens != nil }
              ? "; no token repeats" : "")),
      Fact(
        name: "N and FLOPs",
        value: "N counts \(data.parameterConvention) parameters; C = 6·N·D; M = D/N"),
      Fact(
        name: "Optimiser",
        value: data.recipe?["Optimiser"] ?? missing),
      Fact(name: "Learning rate and schedule", value: data.recipe?["Rate and schedule"] ?? missing),
      Fact(
        name: "Batch and steps",
        value: [data.recipe?["Batch"], data.recipe?["Steps"]].compactMap(\.self).joined(
          separator: ", ")),
      Fact(name: "Checkpoints", value: "final losses only, one per run"),
      Fact(
        name: "Metric",
        value: "loss in nats per token on \(data.set ?? "the set of the file")"
          + (errorFitCount > 0
            ? "; top-1 error, mean of \(data.taskChances.map { "\($0.count)" } ?? "the file's") tasks"
            : "")),
      Fact(
        name: "Objective",
        value: [
          "paper": "Σ (L̂ − L)²", "log": "Σ (ln L̂ − ln L)²",
          "huber": "Σ Huber(ln L̂ − ln L), δ = 1e-3, summed",
        ][options.objective.rawValue, default: ""]
          + (fitted.contains { $0.weight ?? 1 != 1 } ? ", weighted" : ", equal weights")),
      Fact(
        name: "Search",
        value: "global over a grid of exponents, coefficients exact (variable projection with"
          + " non-negative least squares), then refined; no start values, no randomness"),
      Fact(
        name: "Points dropped",
        value: data.excluded.isEmpty
          ? "none"
          : "\(data.excluded.count): "
            + data.excluded.map { "\($0.run) (\($0.reason))" }.joined(separator: "; ")),
      Fact(
        name: "Goodness",
        value:
          "residual SD \(residual ?? "undefined"), n − p = \(degreesOfFreedom), condition number"
          + " \(number(conditionNumber))"
          + (lackOfFit.map { ", lack of fit p = \(number($0.pValue))" } ?? "")),
      Fact(
        name: "Uncertainty",
        value:
          "\(Int((100 * options.level).rounded())) % for a new run: \(options.draws) parametric"
          + " bootstrap refits with the noise drawn too, delta method beside it;"
          + (inflation.comparisons == 0
            ? " too few runs to measure κ"
            : " widened by κ = \(number(inflation.factor)), measured on \(inflation.comparisons)"
              + " predictions of dearer fit runs from cheaper ones")),
      Fact(
        name: "Noise",
        value: data.seedNoise.map {
          "\(percent($0.sd)) of the loss between seeds, \($0.degreesOfFreedom) degrees of freedom"
        } ?? "not measured: one seed per cell"),
      Fact(
        name: "Validation",
        value: predictions.isEmpty
          ? "no run held out"
          : "\(predictions.count) runs held out, up to"
            + " \(number(predictions.map(\.extrapolation).max() ?? .nan)) times the compute of the"
            + " largest fitted one"
            + (worstHeldOut.map { "; worst loss error \(percent($0.law))" } ?? "")),
      Fact(
        name: "Source", value: data.source + (data.sourceDigest.map { ", SHA-256 \($0)" } ?? "")),
    ]
    if facts[6].value.isEmpty { facts[6] = Fact(name: facts[6].name, value: missing) }
    if let machine = data.recipe?["Machine"] { facts.append(Fact(name: "Machine", value: machine)) }
    if !pool.isEmpty {
      facts.append(
        Fact(name: "Exponent shared with", value: pool.map(\.source).joined(separator: ", ")))
    }
    return facts
  }
}
