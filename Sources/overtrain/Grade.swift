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
      Judges by small runs only: a curve fitted on the cheaper ones is tested on the dearest third, \
      beside the guess that nothing changes. RUNS needs errors by task (columns error/TASK, \
      chance/TASK, or a folder of runs).

      --averages asks how well averages over several tasks can be predicted, by how many and by which \
      (Gadre et al.'s figure 8), and which subset nested splits choose. --fit adds the errors on \
      held-out runs, for comparison: of the curves, those that the grade refuses too, and of the \
      guesses that a task stays at the small runs' mean, or at the best of them.

      Example:
        overtrain grade data/runs/demo
        overtrain grade c4.csv --fit data/fits/c4
        overtrain grade c4.csv --averages --fit data/fits/c4 --svg tasks.svg
      """)

  @Argument(help: "Folder of runs, or CSV file.") var runs: String
  @Flag(help: "Judge averages over tasks.") var averages = false
  @Option(help: "A fit of these runs that predicts the held-out ones' losses.") var fit: String?
  @Option(help: "Also draw the error of averages by number of tasks as SVG.") var svg: String?
  @OptionGroup var selection: RunSelection
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    if averages { return try printAverages() }
    if let fit { return try printRecord(Fit.read(URL(fileURLWithPath: fit))) }
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

  private func printRecord(_ fit: Fit) throws {
    guard let record = fit.taskRecord else {
      throw UserError(
        .badData, "no held-out run of the fit has errors by task", at: runs,
        fix: "add columns error/TASK and chance/TASK, and rows of role holdout, and fit again")
    }
    if json { return try printJSON(record) }
    var table = Table(columns: [
      "task", "grade", "backtest", "held out", "small runs' mean", "best small run",
    ])
    for task in record.tasks {
      table.add(
        [task.task, task.grade.rawValue]
          + [task.backtest, task.predicted, task.constant, task.best]
          .map { Numbers.percent($0, 1) })
    }
    print(table.rendered + "\n")
    for grades: [TaskGrade.Grade] in [
      [.predictable], [.risky], [.atChance], [.predictable, .risky, .atChance],
    ] {
      guard let means = record.means(Set(grades)) else { continue }
      let name = grades.count == 1 ? grades[0].rawValue : "all"
      let numbers = [means.predicted, means.constant, means.best].map { Numbers.percent($0, 1) }
      print(
        "\(name), \(means.tasks) tasks: off by \(numbers[0]) on average; staying at the small runs'"
          + " mean \(numbers[1]), at the best of them \(numbers[2])")
    }
    print(
      "rank correlation of backtest and held-out error: \(Numbers.fixed(record.rankCorrelation, 2))"
    )
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
