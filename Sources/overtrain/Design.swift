import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain design`.
struct DesignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "design",
    abstract: "Which runs to train for a prediction: cost and promised precision, in advance.",
    discussion: """
      Takes a law as known (of a fit, e.g. of the demo) and a noise, and prints for several sets of \
      runs what their fit could promise. A law that bends adds to that: promise no less.

      Example:
        overtrain design data/fits/demo --sizes 1e7,8e7,4e8 --multipliers 20,80,320 \
          --target 1.4e9:640 --target 7e9:20
      """)

  @Argument(help: "Folder of a fit of the over-training law.") var fit: String
  @Option(help: "Parameters of the sizes, e.g. 1e7,8e7,4e8.") var sizes: String
  @Option(help: "Tokens per parameter, e.g. 20,80,320.") var multipliers: String
  @Option(help: "N:M of a run to predict, as often as needed.") var target: [String]
  @Option(help: "Relative noise of a run's loss; without it, the fit's residual SD.")
  var sigma: Double?
  @Option(help: "FLOPs that may be spent: dearer designs are marked.") var budget: Double?
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let fit = try Fit.read(URL(fileURLWithPath: fit))
    guard let law = fit.lossLaw as? OverTrainingLaw else {
      throw UserError(
        .usage, "the fit is of the \(fit.options.law.rawValue) law",
        fix: "fit the over-training law")
    }
    guard let sigma = sigma ?? fit.residualSD, sigma > 0 else {
      throw UserError(.usage, "the noise is not known", fix: "give --sigma 0.003")
    }
    let targets = try target.map { text in
      let pair = try numbers(text, separator: ":")
      guard pair.count == 2 else {
        throw UserError(.usage, "target \(text)", fix: "write N:M, e.g. 7e9:20")
      }
      return SIMD2(pair[0], pair[0] * pair[1])
    }
    let designs = Design.candidates(
      sizes: try numbers(sizes, separator: ","),
      multipliers: try numbers(multipliers, separator: ","))
    let promises = designs.map { $0.promise(law, sigma: sigma, targets: targets) }
    if json { return try printJSON(promises) }
    var columns = ["runs", "n", "FLOPs", "SD of E", "SD of α"]
    columns += target.map { "SD at \($0)" }
    var table = Table(columns: columns + [""])
    for promise in promises {
      let isDear = budget.map { promise.compute > $0 } ?? false
      var cells = [promise.name, "\(promise.runs)", Numbers.scientific(promise.compute)]
      for sd in [promise.floorSD, promise.exponentSD] {
        cells.append(sd.map { Numbers.significant($0, 2) } ?? "–")
      }
      for index in target.indices {
        let known = index < promise.predictionSD.count
        cells.append(known ? Numbers.percent(promise.predictionSD[index]) : "–")
      }
      cells.append(
        promise.floorSD == nil ? "A and B not separable" : isDear ? "over budget" : "")
      table.add(cells)
    }
    print(table.rendered)
    print(
      "\nnoise \(Numbers.percent(sigma)) taken as known; SD of the law, one run's noise not in it")
  }

  private func numbers(_ text: String, separator: Character) throws -> [Double] {
    try text.split(separator: separator).map {
      guard let value = Double($0), value > 0, value.isFinite else {
        throw UserError(.usage, "\"\($0)\" is not a positive number", fix: "write e.g. 1e7,8e7")
      }
      return value
    }
  }
}

/// `overtrain grade`.
struct GradeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grade",
    abstract: "Which tasks can be predicted from these runs: at chance, predictable or risky.",
    discussion: """
      Judges by small runs only: a curve fitted on those of higher loss is tested on those of lower \
      loss, beside the guess that nothing changes. RUNS needs errors by task (columns error/TASK, \
      chance/TASK, or a folder of runs).

      Example:
        overtrain grade data/runs/demo
      """)

  @Argument(help: "Folder of runs, or CSV file.") var runs: String
  @OptionGroup var selection: RunSelection
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let grades = TaskGrade.all(try selection.data(URL(fileURLWithPath: runs)))
    guard !grades.isEmpty else {
      throw UserError(
        .badData, "no task has an error in 6 runs", at: runs,
        fix: "add columns error/TASK and chance/TASK")
    }
    if json { return try printJSON(grades) }
    var table = Table(columns: ["task", "grade", "guessing", "best run", "backtest", "constant"])
    for grade in grades {
      table.add([
        grade.task, grade.grade.rawValue, Numbers.percent(grade.chance, 1),
        Numbers.percent(grade.best, 1), Numbers.percent(grade.backtest, 1),
        Numbers.percent(grade.constant, 1),
      ])
    }
    print(table.rendered)
  }
}
