import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain grade`.
struct GradeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grade",
    abstract: "Which tasks can be predicted from these runs: at chance, predictable or risky.",
    discussion: """
      Judges by small runs only: a curve fitted on those of higher loss is tested on those of lower \
      loss, beside the guess that nothing changes. RUNS needs errors by task (columns error/TASK, \
      chance/TASK, or a folder of runs).

      --averages asks how well averages over several tasks can be predicted, by how many and by which \
      (Gadre et al.'s figure 8), and which subset nested splits choose; --fit adds the errors on \
      held-out runs, for comparison.

      Example:
        overtrain grade data/runs/demo
        overtrain grade c4.csv --averages --fit data/fits/c4 --svg tasks.svg
      """)

  @Argument(help: "Folder of runs, or CSV file.") var runs: String
  @Flag(help: "Judge averages over tasks.") var averages = false
  @Option(help: "A fit that predicts the held-out runs' losses, for --averages.") var fit: String?
  @Option(help: "Also draw the error of averages by number of tasks as SVG.") var svg: String?
  @OptionGroup var selection: RunSelection
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    if averages { return try printAverages() }
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

  private func printAverages() throws {
    let found = try TaskAverages(
      try selection.data(URL(fileURLWithPath: runs)),
      fit: try fit.map { try Fit.read(URL(fileURLWithPath: $0)) })
    if let svg {
      try DurableFile.write(
        Data(AveragesChart(averages: found).svg.utf8), to: URL(fileURLWithPath: svg))
    }
    if json { return try printJSON(found) }
    print(found.text)
  }
}
