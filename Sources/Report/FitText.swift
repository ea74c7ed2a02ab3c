import Foundation
import ScalingLaws

extension Fit {
  /// The fit for a terminal: laws, coefficients, and the held-out runs as a table.
  public var summary: String {
    var lines = ["\(options.law.rawValue) law  \(options.law.formula)"]
    lines.append("  " + Fit.listed(lossLaw.coefficients))
    let sd = residualSD.map {
      options.objective.isRelative ? Numbers.percent($0) : Numbers.significant($0, 2) + " nats"
    }
    lines.append(
      "  \(fitCount) runs, \(Numbers.scientific(fitCompute)) FLOPs (6ND, N \(data.parameterConvention));"
        + " objective \(options.objective.rawValue); residual SD \(sd ?? "undefined"),"
        + " n − p = \(degreesOfFreedom)")
    if errorFitCount > 0 {
      lines.append("error law  \(options.errorRule.formula); \(errorFitCount) runs")
      if !errorCoefficients.isEmpty { lines.append("  " + Fit.listed(errorCoefficients)) }
    }
    if !predictions.isEmpty { lines += ["", table(title: "held-out run", predictions).rendered] }
    if let worst = worstHeldOut {
      lines.append(
        "  worst loss error: \(Numbers.percent(worst.law)); with the best fitted run's loss as the"
          + " guess: \(Numbers.percent(worst.bestRun))")
    }
    if let noise = data.seedNoise {
      lines.append(
        "  noise between seeds: \(Numbers.percent(noise.sd)) (\(noise.degreesOfFreedom) degrees of"
          + " freedom)")
    }
    let errors = validation.compactMap { $0.loss.relativeError }.sorted()
    if let worst = errors.last {
      lines.append("")
      lines.append(
        "validation runs: \(errors.count), loss off by \(Numbers.percent(errors[errors.count / 2]))"
          + " (median), \(Numbers.percent(worst)) (worst)")
    }
    for profile in profiles {
      let ends = [profile.low, profile.high].map { $0.map { Numbers.significant($0, 3) } ?? "open" }
      lines.append(
        "  profile of \(Fit.symbols[profile.name] ?? profile.name): \(ends[0]) to \(ends[1])"
          + " (\(Int((100 * options.level).rounded())) %)")
    }
    if inflation.comparisons > 0 {
      lines.append(
        "  κ = \(Numbers.significant(inflation.factor, 3)) widens the intervals (hold-out of dearer fit"
          + " runs, \(inflation.comparisons) comparisons)")
    }
    lines.append("  \(tournament.verdict)")
    lines += sensitivityLines
    for verdict in setVerdicts where verdict.verdict != .reliable {
      lines.append("  \(verdict.set): \(verdict.verdict.rawValue) (\(verdict.reason))")
    }
    if !data.excluded.isEmpty {
      lines.append("")
      lines += data.excluded.map { "left out: \($0.run) (\($0.reason))" }
    }
    if !warnings.isEmpty { lines.append("") }
    lines += warnings.map { "warning: \($0)" }
    return lines.joined(separator: "\n")
  }

  private var sensitivityLines: [String] {
    let sensitivity = self.sensitivity
    guard sensitivity.rows.count > 1 else { return [] }
    var table = Table(columns: ["sensitivity", "α", "E", "M*", "residual SD", "held-out error"])
    for row in sensitivity.rows { table.add(row.cells(relative: options.objective.isRelative)) }
    let spread = sensitivity.spread.map {
      ["  predictions of held-out runs differ by up to \(Numbers.percent($0)) between these"]
    }
    return ["", table.rendered] + (spread ?? []) + [""]
  }

  /// Predicted against measured, one line per run.
  public func table(title: String, _ rows: [Prediction]) -> Table {
    let hasError = rows.contains { $0.error != nil }
    let interval = "[\(Int((100 * options.level).rounded())) %]"
    var columns = [title, "N", "M", "×C", "loss predicted", interval, "actual", "off by"]
    if hasError { columns += ["error predicted", interval, "actual", "off by"] }
    var table = Table(columns: columns)
    for row in rows {
      var cells = [
        row.run, Numbers.short(row.parameters), Numbers.multiplier(row.tokenMultiplier),
        Numbers.significant(row.extrapolation, 2),
      ]
      cells += Fit.cells(row.loss)
      if hasError { cells += row.error.map { Fit.cells($0) } ?? [] }
      table.add(cells)
    }
    return table
  }

  private static func cells(_ estimate: Estimate) -> [String] {
    let interval = estimate.low.flatMap { low in
      estimate.high.map { "[\(Numbers.fixed(low, 3)), \(Numbers.fixed($0, 3))]" }
    }
    return [
      Numbers.fixed(estimate.predicted, 4), interval ?? "–",
      estimate.actual.map { Numbers.fixed($0, 4) } ?? "–",
      estimate.relativeError.map { Numbers.percent($0) } ?? "–",
    ]
  }

  private static let symbols = [
    "alpha": "α", "beta": "β", "eta": "η", "mStar": "M*", "epsilon": "ε", "gamma": "γ",
    "lambda": "λ", "alphaN": "α_N", "alphaD": "α_D", "Nc": "N_c", "Dc": "D_c",
    "repetitionScale": "R*_D", "excessScale": "R*_N", "floorError": "f", "midpoint": "L0",
  ]

  private static func listed(_ coefficients: [Coefficient]) -> String {
    return coefficients.map {
      "\(symbols[$0.name] ?? $0.name) \(Numbers.significant($0.value, 4))"
    }.joined(separator: "  ")
  }
}

extension Sensitivity.Row {
  /// What changed, α, E, M*, residual SD, mean error on the held-out runs.
  func cells(relative: Bool) -> [String] {
    // Squared loss leaves residuals in nats, whatever the fit itself does.
    let isShare = change == "objective paper" ? false : change.hasPrefix("objective") || relative
    return [
      change, exponent.map { Numbers.significant($0, 3) } ?? "–", Numbers.significant(floor, 3),
      optimalTokenMultiplier.map { Numbers.significant($0, 3) } ?? "–",
      residualSD.map { isShare ? Numbers.percent($0) : Numbers.significant($0, 2) + " nats" }
        ?? "–",
      heldOut.map { Numbers.percent($0) } ?? "–",
    ]
  }
}
