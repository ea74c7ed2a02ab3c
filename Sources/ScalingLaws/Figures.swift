import Foundation

/// A number that a fit or its report shows, with the way back to what made it.
public struct Figure: Codable, Sendable, Equatable {
  /// What it is, e.g. `loss predicted for e20`.
  public let name: String
  /// Its value; a share where people read percents.
  public let value: Double
  /// How it follows from the runs.
  public let derivation: String
  /// The runs that it rests on, by name.
  public let runs: [String]
}

extension Fit {
  /// Every number that `fit.json`, `predictions.json` and the report show of the fit.
  public var figures: [Figure] { FigureList(self).figures }
}

/// Collects figures; one method per part of the report.
private struct FigureList {
  private(set) var figures: [Figure] = []
  private let fit: Fit
  private let fitted: [String]
  private let errorFitted: [String]
  private let method: String
  private let level: String

  init(_ fit: Fit) {
    self.fit = fit
    fitted = fit.data.lossFit.map(\.run)
    errorFitted = fit.errorFitCount > 0 ? fit.data.errorFit.map(\.run) : []
    method =
      "\(fit.options.law.formula), the \(fit.options.objective.rawValue) objective least over"
      + " \(fit.fitCount) runs"
      + (fit.pool.isEmpty ? "" : ", exponent shared with \(fit.pool.count) sets")
    level = "\(Int((100 * fit.options.level).rounded())) %"
    coefficients()
    quality()
    for p in fit.predictions { prediction(p, "held-out run") }
    for p in fit.validation { prediction(p, "validation run") }
    summary()
    tournament()
    sensitivity()
    verdicts()
    grades()
    for point in fit.data.points { run(point) }
  }

  private mutating func add(
    _ name: String, _ value: Double?, _ derivation: String, _ runs: [String]
  ) {
    guard let value, value.isFinite else { return }
    figures.append(Figure(name: name, value: value, derivation: derivation, runs: runs))
  }

  private mutating func coefficients() {
    let intervals = fit.coefficientIntervals
    let ofLoss = Set(fit.lossLaw.coefficients.map(\.name))
    for coefficient in fit.coefficients {
      let isLoss = ofLoss.contains(coefficient.name)
      let runs = isLoss ? fitted : errorFitted
      let how =
        isLoss ? method : "\(fit.options.errorRule.formula), least squares over \(runs.count) runs"
      add(coefficient.name, coefficient.value, how, runs)
      let draws = "\(how); \(fit.options.draws) parametric bootstrap refits, \(level) central part"
      add("\(coefficient.name), lower end", intervals[coefficient.name]?.lowerBound, draws, runs)
      add("\(coefficient.name), upper end", intervals[coefficient.name]?.upperBound, draws, runs)
    }
    for profile in fit.profiles {
      let how =
        "all values that an F-test at \(level) does not refute, the rest refitted; \(method)"
      add("\(profile.name), lower end of the profile", profile.low, how, fitted)
      add("\(profile.name), upper end of the profile", profile.high, how, fitted)
    }
  }

  private mutating func quality() {
    add("runs fitted", Double(fit.fitCount), "runs of role fit with a loss", fitted)
    add("runs fitted, error law", Double(fit.errorFitCount), "runs with an error", errorFitted)
    add("degrees of freedom", Double(fit.degreesOfFreedom), "runs fitted − parameters", fitted)
    add("compute of the fit runs", fit.fitCompute, "Σ 6·N·D", fitted)
    add("objective", fit.objectiveValue, method, fitted)
    add("residual SD", fit.residualSD, "√(Σr²/(n − p)); \(method)", fitted)
    add(
      "condition number", fit.conditionNumber,
      "of the Jacobian with columns of length 1; \(method)",
      fitted)
    let (kappa, count) = fit.inflation
    let how =
      "√ of the mean of (error/promised SD)² when the law of the cheaper fit runs predicts the dearer"
      + " ones, at least 1"
    add("κ", kappa, how, fitted)
    add("comparisons of κ", Double(count), how, fitted)
    if let noise = fit.data.seedNoise {
      let cells = Dictionary(grouping: fit.data.points.filter { $0.loss != nil }, by: \.coordinates)
      let runs = cells.values.filter { $0.count > 1 }.joined().map(\.run).sorted()
      add("noise between seeds", noise.sd, "SD of ln L within cells of equal N and D", runs)
      add(
        "degrees of freedom of the noise", Double(noise.degreesOfFreedom), "runs − cells", runs)
    }
    if let lack = fit.lackOfFit {
      let runs = fit.data.points.filter { $0.role == .fit || $0.role == .replicate }.map(\.run)
      let how = "(SS of cell means about the law/(cells − p))/(SS within cells/ν)"
      add("lack of fit, F", lack.ratio, how, runs)
      add("lack of fit, p", lack.pValue, "P(F or more), \(how)", runs)
      for (name, degrees) in zip(["cells − p", "ν"], lack.degrees) {
        add("lack of fit, \(name)", Double(degrees), how, runs)
      }
    }
    add("error of guessing", fit.data.chance, "mean over the tasks", [])
  }

  private mutating func prediction(_ p: Prediction, _ kind: String) {
    let at = "N \(p.parameters), D \(p.tokens)"
    add("N of \(p.run)", p.parameters, "the row of the \(kind)", [p.run])
    add("D of \(p.run)", p.tokens, "the row of the \(kind)", [p.run])
    add("C of \(p.run)", p.compute, "6·N·D", [p.run])
    add("M of \(p.run)", p.tokenMultiplier, "D/N", [p.run])
    add(
      "compute of \(p.run) over the largest fitted run's", p.extrapolation,
      "6·N·D of both", [p.run] + fitted)
    if let reach = p.reach {
      add(
        "compute of \(p.run) over all fitted runs'", reach.totalCompute, "6·N·D over Σ 6·N·D",
        [p.run] + fitted)
      add("N of \(p.run) over the largest fitted N", reach.parameters, at, [p.run] + fitted)
      add("D of \(p.run) over the largest fitted D", reach.tokens, at, [p.run] + fitted)
      add("M of \(p.run) over the largest fitted M", reach.tokenMultiplier, at, [p.run] + fitted)
    }
    estimate(p.loss, "loss", p, "\(method); at \(at)", fitted)
    if let error = p.error {
      estimate(
        error, "error", p,
        "\(fit.options.errorRule.formula) over \(errorFitted.count) runs, at the predicted loss;"
          + " \(method); at \(at)", Array(Set(fitted + errorFitted)).sorted())
    }
  }

  private mutating func estimate(
    _ e: Estimate, _ name: String, _ p: Prediction, _ how: String, _ runs: [String]
  ) {
    add("\(name) predicted for \(p.run)", e.predicted, how, runs)
    let bootstrap =
      "\(level) of \(fit.options.draws) bootstrap draws and the noise of one run; \(how)"
    add("\(name) of \(p.run), lower end", e.low, bootstrap, runs)
    add("\(name) of \(p.run), upper end", e.high, bootstrap, runs)
    let delta = "delta method with Student's t; \(how)"
    add("\(name) of \(p.run), lower end by the delta method", e.deltaLow, delta, runs)
    add("\(name) of \(p.run), upper end by the delta method", e.deltaHigh, delta, runs)
    add("\(name) measured for \(p.run)", e.actual, "the row of the run", [p.run])
    add(
      "relative error of the \(name) predicted for \(p.run)", e.relativeError,
      "|predicted − measured|/measured; \(how)", [p.run] + runs)
  }

  private mutating func summary() {
    let held = fit.predictions.map(\.run)
    if let worst = fit.worstHeldOut {
      add("largest relative error of the held-out losses", worst.law, method, held + fitted)
      // The headline rounds up, so that it holds.
      add(
        "largest relative error of the held-out losses, rounded up",
        (worst.law * 1000).rounded(.up) / 1000, method, held + fitted)
      add(
        "largest relative error of taking the best fitted run's loss", worst.bestRun,
        "|best fitted loss − measured|/measured", held + fitted)
    }
    if let largest = fit.predictions.map(\.compute).max() {
      add(
        "compute of the largest held-out run over all fitted runs'", largest / fit.fitCompute,
        "6·N·D over Σ 6·N·D", held + fitted)
    }
    let errors = fit.validation.compactMap(\.loss.relativeError).sorted()
    if !errors.isEmpty {
      let runs = fit.validation.map(\.run) + fitted
      add("median relative error of the validation losses", errors[errors.count / 2], method, runs)
    }
    add("fits of bootstrap draws", Double(fit.options.draws), "the option --draws", [])
    add("level of the intervals", fit.options.level, "the option --level", [])
  }

  private mutating func tournament() {
    let tournament = fit.tournament
    for entry in tournament.entries {
      let name = entry.parameters == 0 ? entry.law : "the \(entry.law) law"
      add("parameters of \(name)", Double(entry.parameters), "its form", [])
      for (split, error) in zip(tournament.splits, entry.errors) {
        add(
          "mean relative error of \(name) on \(split)", error,
          "fitted on the fit runs outside the split, predicting those inside", fitted)
      }
      add(
        "mean relative error of \(name) over the splits", entry.mean,
        "mean of \(tournament.splits.joined(separator: ", "))", fitted)
      add("AICc of \(name)", entry.aicc, "n·ln(RSS/n) + 2k + 2k(k+1)/(n−k−1), k = p + 1", fitted)
    }
  }

  private mutating func sensitivity() {
    let sensitivity = fit.sensitivity
    add(
      "mean relative error of the held-out losses", sensitivity.rows.first?.heldOut, method,
      fit.predictions.map(\.run) + fitted)
    for row in sensitivity.rows.dropFirst() {
      let how = "the same fit with one thing changed: \(row.change)"
      add("α, \(row.change)", row.exponent, how, fitted)
      add("E, \(row.change)", row.floor, how, fitted)
      add("M*, \(row.change)", row.optimalTokenMultiplier, how, fitted)
      add("residual SD, \(row.change)", row.residualSD, how, fitted)
      add(
        "mean relative error of the held-out losses, \(row.change)", row.heldOut, how,
        fit.predictions.map(\.run) + fitted)
      let held = fit.data.points.filter { $0.role == .holdout }
      for (point, loss) in zip(held, row.predictions) {
        add("loss predicted for \(point.run), \(row.change)", loss, how, fitted)
      }
    }
    add(
      "spread of predictions over conventions", sensitivity.spread,
      "(highest − lowest)/as fitted, the worst held-out run", fitted)
  }

  private mutating func verdicts() {
    for verdict in fit.setVerdicts {
      let runs = fit.data.points.filter { $0.role != .holdout }.map(\.run)
      let how = "over-training law on the cheaper of \(verdict.runs) small runs predicts the dearer"
      add("runs of the backtest on \(verdict.set)", Double(verdict.runs), how, runs)
      add("mean relative error of the backtest on \(verdict.set)", verdict.mean, how, runs)
      add("largest relative error of the backtest on \(verdict.set)", verdict.worst, how, runs)
      add("relative error of the guess on \(verdict.set)", verdict.guess, how, runs)
      add("extrapolation of the backtest on \(verdict.set)", verdict.extrapolation, how, runs)
      add("α on \(verdict.set)", verdict.exponent, how, runs)
      add("E on \(verdict.set)", verdict.floor, how, runs)
      add("residual SD on \(verdict.set)", verdict.residualSD, how, runs)
      add("κ of loss to loss, \(verdict.set)", verdict.fromOwn?.law.exponent, how, runs)
      add("R² of loss to loss, \(verdict.set)", verdict.fromOwn?.rSquared, how, runs)
      add("K of loss to loss, \(verdict.set)", verdict.fromOwn?.law.scale, how, runs)
      add("farthest extrapolation of the backtest on \(verdict.set)", verdict.tested, how, runs)
      let compared = fit.data.points.map(\.run)
      for (place, misses) in [("tested", verdict.within), ("beyond", verdict.beyond)] {
        guard let misses else { continue }
        let against = "the law of all small runs against runs that had no part in it, \(place)"
        let name = "\(verdict.set), \(place)"
        add("runs compared on \(name)", Double(misses.runs), against, compared)
        add("mean relative error on \(name)", misses.mean, against, compared)
        add("largest relative error on \(name)", misses.worst, against, compared)
        add("farthest extrapolation on \(name)", misses.farthest, against, compared)
      }
    }
  }

  private mutating func grades() {
    for grade in TaskGrade.all(fit.data) {
      let runs = fit.data.points.filter { $0.taskErrors?[grade.task] != nil }.map(\.run)
      let how = "a sigmoid of the cheaper small runs predicts the dearest third"
      add("error of guessing on \(grade.task)", grade.chance, "the task's choices", [])
      add("least error on \(grade.task)", grade.best, "over the small runs", runs)
      add("backtest of \(grade.task)", grade.backtest, how, runs)
      add("backtest of a constant on \(grade.task)", grade.constant, how, runs)
    }
  }

  private mutating func run(_ point: LawPoint) {
    let how = "read from \(point.location ?? fit.data.source)"
    if point.role != .holdout && point.role != .validate {
      add("N of \(point.run)", point.parameters, how, [point.run])
      add("D of \(point.run)", point.tokens, how, [point.run])
      add("M of \(point.run)", point.tokenMultiplier, "D/N", [point.run])
      add("C of \(point.run)", point.compute, "6·N·D", [point.run])
    }
    add("weight of \(point.run)", point.weight, how, [point.run])
    add("loss of \(point.run)", point.loss, how, [point.run])
    add("error of \(point.run)", point.error, how, [point.run])
    for (task, error) in (point.taskErrors ?? [:]).sorted(by: { $0.key < $1.key }) {
      add("error of \(point.run) on \(task)", error, how, [point.run])
    }
    for (set, loss) in (point.setLosses ?? [:]).sorted(by: { $0.key < $1.key }) {
      add("loss of \(point.run) on \(set)", loss, how, [point.run])
    }
  }
}

extension Fit {
  /// Whether the loss on each validation set can be predicted; empty where the runs have one set.
  public var setVerdicts: [SetVerdict] {
    data.sets.isEmpty
      ? [] : SetVerdict.all(data, name: name)
  }
}

/// A number as a person copies it from a page: it stands for all values that round to it.
public struct FigureQuery: Sendable, Equatable {
  /// The values that it may stand for.
  public let range: ClosedRange<Double>
  /// Whether it was written as a percentage.
  public let isPercent: Bool

  /// Reads `1.7358`, `0.84 %`, `20.1k`, `1.1e12`, `2.4 × 10^19`, `2.8×`, `−0.5`; nil for other text.
  public init?(_ text: String) {
    var body = text.replacingOccurrences(of: "−", with: "-").filter { !$0.isWhitespace }
    var factor = 1.0
    isPercent = body.hasSuffix("%")
    if isPercent { body.removeLast() }
    if body.hasSuffix("×") { body.removeLast() }
    if body.hasPrefix("×") { body.removeFirst() }
    for (sign, value) in [("k", 1e3), ("M", 1e6), ("B", 1e9), ("G", 1e9), ("T", 1e12)]
    where body.hasSuffix(sign) {
      body.removeLast()
      factor = value
    }
    for mark in ["×10^", "·10^", "x10^"] { body = body.replacingOccurrences(of: mark, with: "e") }
    for mark in ["×10", "·10"] {
      guard let start = body.range(of: mark) else { continue }
      let digits = body[start.upperBound...].compactMap { Self.superscripts[$0] }
      body = body[..<start.lowerBound] + "e" + String(digits)
    }
    let parts = body.lowercased().split(separator: "e", omittingEmptySubsequences: false)
    guard parts.count <= 2, let mantissa = parts.first, let number = Double(mantissa),
      let power = parts.count == 2 ? Double(parts[1]) : 0
    else { return nil }
    let decimals =
      mantissa.firstIndex(of: ".").map { mantissa.distance(from: $0, to: mantissa.endIndex) - 1 }
      ?? 0
    let scale = factor * pow(10, power) * (isPercent ? 0.01 : 1)
    let half = 0.5 * pow(10, -Double(decimals)) * scale * (1 + 1e-9)
    range = number * scale - half...number * scale + half
  }

  private static let superscripts: [Character: Character] = [
    "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁵": "5", "⁶": "6", "⁷": "7", "⁸": "8",
    "⁹": "9", "⁻": "-",
  ]
}

extension [Figure] {
  /// The figures that round to `query`.
  public func matching(_ query: FigureQuery) -> [Figure] {
    filter { query.range.contains($0.value) }
  }
}
