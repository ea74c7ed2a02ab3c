import Experiment
import Foundation
import ScalingLaws

/// What the page template reads: text only, formatted.
struct PageModel {
  /// A drawing in the two widths that the page chooses from.
  struct Figure {
    let wide: String
    let narrow: String
  }
  /// A predicted number beside the measured one.
  struct Comparison {
    let run: String
    let about: String
    let predicted: String
    let interval: String
    let actual: String
    let off: String
    let inside: String
  }
  /// A coefficient with its interval.
  struct CoefficientRow {
    let symbol: String
    let value: String
    let interval: String
    let meaning: String
  }
  /// A law in the comparison of laws.
  struct LawRow {
    let law: String
    let parameters: String
    let errors: [String]
    let mean: String
    let aicc: String
  }
  /// A line of a table.
  struct Row {
    let head: String
    let cells: [String]
    let note: String
    var word = ""
  }
  /// A run in the table of all runs.
  struct RunRow {
    let run: String
    let parameters: String
    let tokens: String
    let multiplier: String
    let compute: String
    let loss: String
    let error: String
    let role: String
  }
  /// A run that was left out.
  struct LeftOut {
    let run: String
    let reason: String
  }

  let name: String
  let headline: String
  let summary: String
  let css: String
  let formula: String
  let level: String
  let lossFigure: Figure
  let errorFigure: Figure?
  let curveFigure: Figure?
  let losses: [Comparison]
  let errors: [Comparison]
  let hasComparisons: Bool
  let hasErrors: Bool
  let hasLaw: Bool
  let refusal: String?
  let coefficients: [CoefficientRow]
  let errorFormula: String
  let trust: String
  let splits: [String]
  let laws: [LawRow]
  let profiles: [Fact]
  let hasProfiles: Bool
  let runs: [RunRow]
  let warnings: [String]
  let hasWarnings: Bool
  let checklist: [Fact]
  let corpus: [Fact]
  let hasCorpus: Bool
  let hasReplicates: Bool
  let leftOut: [LeftOut]
  let hasLeftOut: Bool
  let counted: String
  let verdicts: [Row]
  let hasVerdicts: Bool
  let sensitivity: [Row]
  let hasSensitivity: Bool
  let spread: String
  let grades: [Row]
  let hasGrades: Bool
  let averagesFigure: Figure?
  let averages: [Row]
  let chosenTasks: String

  init(_ contents: ReportContents) {
    let (data, fit) = (contents.data, contents.fit)
    let multipliers = Multipliers(data.points)
    name = contents.name
    headline = contents.headline
    css =
      PageTemplate.css + Palette.chartCSS + Palette.css(count: max(1, multipliers.values.count))
    summary = PageModel.summary(contents)
    formula = superscripted(fit?.options.law.formula ?? "")
    level = fit.map { "\(Int((100 * $0.options.level).rounded())) %" } ?? ""
    let law = LawChart(data: data, fit: fit, multipliers: multipliers)
    lossFigure = Figure(
      wide: law.draw(width: 900, height: 500).svg(class: "wide"),
      narrow: law.draw(width: 358, height: 400).svg(class: "narrow"))
    let error = ErrorChart(data: data, fit: fit, multipliers: multipliers)
    errorFigure = PageModel.figure { error.draw(width: $0, height: $1) }
    let curve = CurveChart(curves: contents.curves, multipliers: multipliers)
    curveFigure = PageModel.figure { curve.draw(width: $0, height: $1) }
    losses = (fit?.predictions ?? []).map { PageModel.comparison($0, $0.loss, data) }
    errors = (fit?.predictions ?? []).compactMap { p in
      p.error.map { PageModel.comparison(p, $0, data) }
    }
    hasComparisons = !losses.isEmpty
    hasErrors = !errors.isEmpty
    hasLaw = fit != nil
    refusal = contents.refusal
    coefficients = fit.map(PageModel.coefficients) ?? []
    errorFormula = "The curve is \((fit?.options.errorRule ?? .exponential).formula)"
    let tournament = fit?.tournament
    trust = tournament?.verdict ?? ""
    splits = tournament?.splits ?? []
    laws = (tournament?.entries ?? []).map { entry in
      LawRow(
        law: entry.law, parameters: "\(entry.parameters)",
        errors: entry.errors.map { $0.map { Numbers.percent($0) } ?? "–" },
        mean: entry.mean.map { Numbers.percent($0) } ?? "–",
        aicc: entry.aicc.map { Numbers.fixed($0, 1) } ?? "–")
    }
    profiles = (fit?.profiles ?? []).map { profile in
      let ends = [profile.low, profile.high].map { $0.map { Numbers.significant($0, 3) } }
      return Fact(
        name: ["alpha": "α", "beta": "β", "eta": "η"][profile.name] ?? profile.name,
        value: "\(ends[0] ?? "open") to \(ends[1] ?? "open")")
    }
    hasProfiles = !profiles.isEmpty
    runs = data.points.sorted { ($0.compute, $0.run) < ($1.compute, $1.run) }.map(PageModel.row)
    leftOut = data.excluded.map { LeftOut(run: $0.run, reason: $0.reason) }
    hasLeftOut = !leftOut.isEmpty
    counted = PageModel.counted(data)
    let sets = fit?.setVerdicts ?? []
    verdicts = sets.map {
      Row(head: $0.set, cells: $0.pageCells, note: $0.reason, word: $0.verdict.rawValue)
    }
    hasVerdicts = sets.count > 1
    let changes = fit?.sensitivity
    sensitivity = (changes?.rows ?? []).map { row in
      let cells = row.cells(relative: fit?.options.objective.isRelative ?? true)
      return Row(head: cells[0], cells: Array(cells.dropFirst()), note: "")
    }
    hasSensitivity = sensitivity.count > 1
    spread = changes?.spread.map { Numbers.percent($0) } ?? "nothing"
    let tasks = TaskGrade.all(data)
    grades = tasks.map {
      Row(
        head: $0.task,
        cells: [
          Numbers.percent($0.chance, 1), Numbers.percent($0.best, 1),
          Numbers.percent($0.backtest, 1), Numbers.percent($0.constant, 1),
        ], note: "", word: $0.grade.rawValue)
    }
    hasGrades = !tasks.isEmpty
    let study = try? TaskAverages(data, fit: fit)
    averagesFigure = study.flatMap { study in
      PageModel.figure { AveragesChart(averages: study).draw(width: $0, height: $1) }
    }
    averages = (study.map { $0.byThreshold + [$0.chosen].compactMap(\.self) } ?? []).map {
      Row(
        head: $0.name,
        cells: ["\($0.tasks.count)"]
          + [$0.backtest, $0.constant, $0.heldOut].map { $0.map { Numbers.percent($0) } ?? "–" },
        note: "")
    }
    chosenTasks = study?.chosen?.tasks.joined(separator: ", ") ?? ""
    warnings = fit?.warnings ?? data.warnings
    hasWarnings = !warnings.isEmpty
    checklist = contents.checklist
    corpus = contents.corpusFacts
    hasCorpus = !corpus.isEmpty
    hasReplicates = data.points.contains { $0.role == .replicate }
  }

  /// How many runs are in, by role, and how many out.
  private static func counted(_ data: LawData) -> String {
    let roles = Role.allCases.compactMap { role -> String? in
      let count = data.points.count { $0.role == role }
      return count == 0 ? nil : "\(count) \(role == .holdout ? "held out" : role.rawValue)"
    }
    return "\(data.points.count) runs in (\(roles.joined(separator: ", "))),"
      + " \(data.excluded.count) left out"
  }

  private static func figure(_ draw: (Double, Double) -> Chart?) -> Figure? {
    guard let wide = draw(900, 440), let narrow = draw(358, 380) else { return nil }
    return Figure(wide: wide.svg(class: "wide"), narrow: narrow.svg(class: "narrow"))
  }

  private static func summary(_ contents: ReportContents) -> String {
    guard let fit = contents.fit else { return contents.refusal ?? "" }
    var text =
      "The \(fit.options.law.rawValue) law was fitted on \(fit.fitCount) runs of"
      + " \(Numbers.scientific(fit.fitCompute)) FLOPs in all."
    if let reach = fit.predictions.map(\.extrapolation).max(), reach > 1 {
      text +=
        " The furthest held-out run took \(Numbers.significant(reach, 2)) times the compute of the"
        + " largest of them, and none was looked at for the fit."
    }
    if let worst = fit.worstHeldOut {
      text +=
        " Taking the best fitted run's loss as the guess would be up to"
        + " \(Numbers.percent(worst.bestRun, 1)) off."
    }
    return text
  }

  private static func comparison(
    _ p: Prediction, _ estimate: Estimate, _ data: LawData
  ) -> Comparison {
    var interval = "–"
    var inside = ""
    if let low = estimate.low, let high = estimate.high {
      interval = "\(Numbers.fixed(low, 3)) to \(Numbers.fixed(high, 3))"
      if let actual = estimate.actual {
        inside = (low...high).contains(actual) ? "inside" : "outside"
      }
    }
    return Comparison(
      run: data.points.first { $0.run == p.run }.map(shortName) ?? p.run,
      about: "N \(Numbers.short(p.parameters)), M \(Numbers.multiplier(p.tokenMultiplier)),"
        + " \(Numbers.significant(p.extrapolation, 2))× the largest fitted run",
      predicted: Numbers.fixed(estimate.predicted, 4), interval: interval,
      actual: estimate.actual.map { Numbers.fixed($0, 4) } ?? "–",
      off: estimate.relativeError.map { Numbers.percent($0) } ?? "–", inside: inside)
  }

  private static func coefficients(_ fit: Fit) -> [CoefficientRow] {
    let meanings: [String: (String, String)] = [
      "E": ("E", "loss that no compute removes, nats per token"),
      "A": ("A", "size term, A·N^−α"), "B": ("B", "token term, B·D^−β"),
      "alpha": ("α", "exponent of N"), "beta": ("β", "exponent of D"),
      "eta": ("η", "slope against compute, α/2"), "a": ("a", "A·6^η"), "b": ("b", "B·6^η"),
      "mStar": ("M*", "tokens per parameter with the least loss for its compute"),
      "epsilon": ("ε", "error at very high loss"), "k": ("k", "scale of the error law"),
      "gamma": ("γ", "how fast error falls with loss"),
      "Nc": ("N_c", "scale of the size term"), "Dc": ("D_c", "scale of the token term"),
      "alphaN": ("α_N", "exponent of N with unlimited data"),
      "alphaD": ("α_D", "exponent of D with an unlimited model"),
      "lambda": ("λ", "compute term, λ·C^−η"), "floorError": ("f", "error at very low loss"),
      "repetitionScale": ("R*_D", "epochs after which a repeated token has lost most of its worth"),
      "excessScale": ("R*_N", "the same for parameters beyond what the tokens can feed"),
      "midpoint": ("L0", "loss at half of the way"),
    ]
    let intervals = fit.coefficientIntervals
    // One exponent is not listed twice.
    let tied = fit.options.law == .overTraining
    return fit.coefficients.filter { !tied || $0.name != "beta" }.map { coefficient in
      var (symbol, meaning) = meanings[coefficient.name] ?? (coefficient.name, "")
      if tied && coefficient.name == "alpha" {
        (symbol, meaning) = ("α = β", "exponent of N and D")
      }
      let interval = intervals[coefficient.name].map {
        "\(Numbers.significant($0.lowerBound, 3)) to \(Numbers.significant($0.upperBound, 3))"
      }
      return CoefficientRow(
        symbol: symbol, value: Numbers.significant(coefficient.value, 4),
        interval: interval ?? "–", meaning: superscripted(meaning))
    }
  }

  private static func row(_ point: LawPoint) -> RunRow {
    RunRow(
      run: point.run, parameters: Numbers.short(point.parameters),
      tokens: Numbers.short(point.tokens),
      multiplier: Numbers.multiplier(point.tokenMultiplier),
      compute: Numbers.scientific(point.compute),
      loss: point.loss.map { Numbers.fixed($0, 4) } ?? "–",
      error: point.error.map { Numbers.percent($0, 1) } ?? "–", role: roleName(point))
  }

  private static func roleName(_ point: LawPoint) -> String {
    let name = point.role == .holdout ? "held out" : point.role.rawValue
    return point.errorRole == .fit && point.role != .fit ? "\(name), fit of error" : name
  }
}

/// Exponents such as `^−η` raised, as HTML; the rest escaped.
private func superscripted(_ formula: String) -> String {
  var html = escaped(formula)
  for exponent in ["−α", "−β", "−η", "η"] {
    html = html.replacingOccurrences(of: "^\(exponent)", with: "<sup>\(exponent)</sup>")
  }
  return html
}
