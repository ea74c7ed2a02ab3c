import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain fit`.
struct FitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fit scaling laws on runs and predict the runs held out.",
    discussion: """
      RUNS is a folder of runs (data/runs/<grid>) or a CSV file with the columns N,D,loss and, if \
      present, error,run,role (fit, validate, holdout, replicate),weight. Laws are fitted on the \
      runs of role fit; the runs of role holdout are predicted, with intervals, and compared. A run \
      of weight 4 counts as four: its loss has half the noise of others.

      Example:
        overtrain fit data/runs/demo --name demo
        overtrain fit runs.csv --objective paper --json
        overtrain fit c4.csv --recommended --fit-up-to 2.04e19 --pool rpj.csv
      """)

  @Argument(help: "Folder of runs, or CSV file.") var runs: String
  @Option(help: "paper (squared loss), log (squared log loss) or huber (δ = 1e-3 on log loss).")
  var objective: Objective = .log
  @Option(
    help: """
      over-training (α = β), weakly-tied (α near β), chinchilla (α and β free), data-constrained \
      (tokens repeat), no-floor (E = 0), weakly-tied-no-floor, or the baselines compute-only and \
      kaplan.
      """)
  var law: LawKind = .overTraining
  @Flag(
    help: """
      Choose law, objective and M ≥ 10 by the number of runs: α = β with huber from 16 runs, \
      α near β with huber from 10, E = 0 and α near β with log below.
      """)
  var recommended = false
  @Option(help: "Fit on every run up to this compute (FLOPs) instead of by role.")
  var fitUpTo: Double?
  @Option(name: .customLong("min-m"), help: "Fit on no run with fewer tokens per parameter.")
  var minimumTokenMultiplier: Double?
  @Option(
    help: """
      Another training set (folder or CSV, as often as you like) with the same N and recipe: the \
      sets share one exponent, and keep coefficients of their own.
      """)
  var pool: [String] = []
  @Option(
    help: """
      How the average error follows from the loss: exponential (ε, k, γ free), pinned (ε at \
      chance), power (of the loss), sigmoid, or tasks (the mean of one sigmoid per task).
      """)
  var errors: ErrorRule?
  @Option(help: "Name of the fit; without it, the name of RUNS.") var name: String?
  @Option(help: "Folder of fits: writes OUT/NAME/fit.json and predictions.json.")
  var out = "data/fits"
  @Option(help: "Level of the intervals.") var level = 0.9
  @OptionGroup var selection: RunSelection
  @Flag(help: "Print one JSON object instead of a table.") var json = false

  func run() throws {
    let source = URL(fileURLWithPath: runs)
    var options = FitOptions()
    (options.law, options.objective, options.level) = (law, objective, level)
    let minimum =
      minimumTokenMultiplier ?? (recommended ? RecommendedRule.minimumTokenMultiplier : nil)
    func chosen(_ url: URL) throws -> LawData {
      let data = try selection.data(url)
      return fitUpTo == nil && minimum == nil
        ? data : data.selecting(upTo: fitUpTo, tokenMultiplier: minimum)
    }
    let data = try chosen(source)
    let others = try pool.map { try chosen(URL(fileURLWithPath: $0)) }
    if recommended {
      // Pooled sets fix an exponent even where one alone would not, so they share the tied law's.
      let choice = RecommendedRule.choice(
        runs: others.isEmpty ? data.fitCells : max(16, data.fitCells))
      (options.law, options.objective) = (choice.law, choice.objective)
    }
    options.errorRule = errors ?? (recommended ? .recommended(data) : .exponential)
    let fit = try Fit(
      data, options: options,
      name: name ?? source.deletingPathExtension().lastPathComponent, pool: others)
    let folder = URL(fileURLWithPath: out).appendingPathComponent(fit.name)
    try fit.write(to: folder)
    var contents = ReportContents(fit: fit)
    try contents.addRuns()
    try ReportWriter.write(contents, to: folder.appendingPathComponent("report.html"))
    if json {
      print(String(decoding: try StableJSON.encode(fit), as: UTF8.self))
    } else {
      print(fit.summary)
      print("\nwritten: \(folder.relativePath)/fit.json, predictions.json, report.html")
    }
  }
}

/// Which numbers of a folder of runs count.
struct RunSelection: ParsableArguments {
  @Option(help: "Only runs of this corpus.") var corpus: String?
  @Option(name: .customLong("set"), help: "Validation set whose loss counts.")
  var validationSet: String?
  @Option(name: .customLong("n"), help: "Which parameters N counts: total, matmul or body.")
  var convention: LawData.ParameterConvention = .total

  /// The points in a folder of runs or a CSV file.
  func data(_ url: URL) throws -> LawData {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw UserError(
        .missingInput, "no such file or folder", at: url.relativePath,
        fix: "give a folder of runs or a CSV file with the columns N,D,loss")
    }
    return url.isFolder
      ? try LawData(
        runs: RunStore(url), corpus: corpus, set: validationSet, convention: convention)
      : try csv(url)
  }

  /// The runs of a CSV file, with the loss on `--set` and N by `--n` where it has such columns.
  private func csv(_ url: URL) throws -> LawData {
    var data = try LawData(csv: url)
    if let validationSet {
      guard data.sets.contains(validationSet) else {
        throw UserError(
          .usage, "no column loss/\(validationSet)", at: url.relativePath,
          fix: data.sets.isEmpty
            ? "leave --set out: the file has one loss"
            : "choose --set from \(data.sets.joined(separator: ", "))")
      }
      data = data.on(set: validationSet)
    }
    guard convention != .total else { return data }
    guard let counted = data.counting(convention.rawValue) else {
      throw UserError(
        .usage, "not every run has N/\(convention.rawValue)", at: url.relativePath,
        fix: "add the column, or leave --n out")
    }
    return counted
  }
}

extension Objective: ExpressibleByArgument {}
extension LawKind: ExpressibleByArgument {}
extension ErrorRule: ExpressibleByArgument {}
extension LawData.ParameterConvention: ExpressibleByArgument {}
