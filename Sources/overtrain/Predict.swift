import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain predict`.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Ask a fit about a run that need not exist.",
    discussion: """
      Give two of N (parameters), D (tokens), M (tokens per parameter) and C (FLOPs, 6·N·D).

      Or --run RUN, the folder of a run that is still training: its own loss curve then says where it \
      will end, and finished runs of the same grid, cut at the same share of their steps, say how well \
      that works.

      Or --curve FILE, a loss curve from anywhere as CSV with the columns step, loss and, if known, lr: \
      the annealing law (which needs lr) and the hyperbola through it, and where they end. Rows without \
      a loss are the schedule of the steps to come.

      Example:
        overtrain predict data/fits/demo --N 1e6 --D 2e7
        overtrain predict data/fits/demo --C 1e13 --M 20 --json
        overtrain predict data/fits/demo --N 1e6 --D 2e7 --tasks
        overtrain predict data/fits/demo --N 1e6 --D 2e7 --freeze big-run.json
        overtrain score big-run.json --loss 2.31
        overtrain predict --run data/runs/demo/e20-1a2b3c4d
        overtrain predict --curve curve.csv --until 20000
      """)

  @Argument(help: "Folder of a fit, or its fit.json.") var fit: String?
  @Option(name: .customLong("run"), help: "Folder of a run that is still training.")
  var unfinished: String?
  @Option(help: "A loss curve: CSV with the columns step,loss and, if known, lr.")
  var curve: String?
  @Option(help: "Last step of --curve; its last row, when left out.") var until: Int?
  @Option(help: "Steps of warm-up of --curve; up to the highest lr, when left out.")
  var warmup: Int?
  @Option(help: "Look at the first part of --run or --curve only, a share of its steps.")
  var upTo: Double?
  @Option(help: "Level of the interval of --run.") var level = 0.9
  @Option(name: .customLong("N"), help: "Parameters.") var parameters: Double?
  @Option(name: .customLong("D"), help: "Training tokens.") var tokens: Double?
  @Option(name: .customLong("M"), help: "Tokens per parameter.") var tokenMultiplier: Double?
  @Option(name: .customLong("C"), help: "Training compute in FLOPs, 6·N·D.") var compute: Double?
  @Flag(help: "Also every task: its grade, and its error where it can be predicted.") var tasks =
    false
  @Option(help: "Distinct tokens among D, for a data-constrained fit.") var unique: Double?
  @Option(help: "Write the prediction with date and hash, to be scored once the run exists.")
  var freeze: String?
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    if let curve {
      let answer = try ForeignCurve(
        URL(fileURLWithPath: curve), until: until, upTo: upTo, warmup: warmup)
      return json ? try printJSON(answer) : print(answer.text)
    }
    if let unfinished {
      let answer = try UnfinishedRun(
        URL(fileURLWithPath: unfinished), upTo: upTo, level: level,
        fit: try fit.map { try Fit.read(URL(fileURLWithPath: $0)) })
      return json ? try printJSON(answer) : print(answer.text)
    }
    guard let path = fit else {
      throw UserError(
        .usage, "no fit to ask", fix: "name its folder, or an unfinished --run or --curve")
    }
    let (n, d) = try shape()
    let fit = try Fit.read(URL(fileURLWithPath: path))
    let prediction = fit.predict(
      parameters: n, tokens: d, unique: unique,
      run: "\(Numbers.short(n)) × \(Numbers.multiplier(d / n))")
    if let freeze {
      let frozen = try FrozenPrediction(fit, prediction)
      try frozen.write(to: URL(fileURLWithPath: freeze))
      FileHandle.standardError.write(Data("frozen \(frozen.date), \(frozen.hash)\n".utf8))
    }
    if json {
      let answer = Answer(
        law: fit.options.law, level: fit.options.level, prediction: prediction,
        tasks: tasks ? fit.taskPredictions(of: prediction) : nil, warnings: fit.warnings)
      print(String(decoding: try StableJSON.encode(answer), as: UTF8.self))
    } else {
      print(fit.table(title: "run", [prediction]).rendered)
      if tasks { print("\n" + taskTable(fit.taskPredictions(of: prediction)).rendered + "\n") }
      if let reach = prediction.reach {
        func times(_ value: Double) -> String { "\(Numbers.significant(value, 2))×" }
        print(
          "beyond the fitted runs: C \(times(prediction.extrapolation)) the largest,"
            + " \(times(reach.totalCompute)) all together; N \(times(reach.parameters)), D"
            + " \(times(reach.tokens)), M \(times(reach.tokenMultiplier)) the largest")
      }
      for warning in fit.warnings { print("warning: \(warning)") }
    }
  }

  private func taskTable(_ rows: [TaskPrediction]) -> Table {
    var table = Table(columns: ["task", "grade", "error", "backtest off by", "best small run"])
    for row in rows {
      table.add([
        row.task, row.grade.rawValue, row.error.map { Numbers.percent($0, 1) } ?? "refused",
        Numbers.percent(row.backtest, 1), Numbers.percent(row.best, 1),
      ])
    }
    return table
  }

  /// N and D from the two that were given.
  private func shape() throws -> (Double, Double) {
    for value in [parameters, tokens, tokenMultiplier, compute].compactMap(\.self)
    where !(value > 0 && value.isFinite) {
      throw UserError(.usage, "\(value) is not a positive number", fix: "write e.g. --N 5e8")
    }
    switch (parameters, tokens, tokenMultiplier, compute) {
    case (let n?, let d?, nil, nil): return (n, d)
    case (let n?, nil, let m?, nil): return (n, m * n)
    case (nil, let d?, let m?, nil): return (d / m, d)
    case (let n?, nil, nil, let c?): return (n, c / (6 * n))
    case (nil, let d?, nil, let c?): return (c / (6 * d), d)
    case (nil, nil, let m?, let c?):
      let found = ScalingLaws.shape(compute: c, tokenMultiplier: m)
      return (found.parameters, found.tokens)
    default:
      throw UserError(
        .usage, "a run is given by two of --N, --D, --M and --C", fix: "e.g. --N 5e8 --D 1e10")
    }
  }

  private struct Answer: Encodable {
    let law: LawKind
    let level: Double
    let prediction: Prediction
    let tasks: [TaskPrediction]?
    let warnings: [String]

    private enum CodingKeys: CodingKey { case law, level, tasks, warnings }

    func encode(to encoder: any Encoder) throws {
      try prediction.encode(to: encoder)
      var json = encoder.container(keyedBy: CodingKeys.self)
      try json.encode(law, forKey: .law)
      try json.encode(level, forKey: .level)
      try json.encodeIfPresent(tasks, forKey: .tasks)
      try json.encode(warnings, forKey: .warnings)
    }
  }
}
