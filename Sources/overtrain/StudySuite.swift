import ArgumentParser
import Evaluation
import Experiment
import Foundation
import Report

/// `overtrain suite`
struct SuiteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suite",
    abstract: "Judge a suite of tasks on a ladder of runs.",
    discussion: """
      Example: overtrain suite data/runs/ladder --svg suite.svg

      Takes the last evaluation of each run, or its record. Says for every task and for three \
      averages whether the error falls with loss, by how much, and what the error law of the cheap \
      half predicts of the dear half.
      """)

  @Argument(help: "Folder of runs.", completion: .directory) var runs: String
  @Option(
    help: "Run at which a task must be above chance; the dearest of the cheap half if not given.")
  var reference: String?
  @Option(help: "By how much it must be above chance.") var margin = 0.05
  @Option(help: "Also draw average error against loss as SVG.") var svg: String?
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let store = RunStore(URL(fileURLWithPath: runs))
    var ladder: [SuiteStudy.Run] = []
    for record in try store.all() where record.outcome.status == .finished {
      let last = try EvaluationLog(runFolder: store.runFolder(record.id)).entries().last {
        !$0.tasks.isEmpty && $0.validation.contains(where: \.inDistribution)
      }
      let losses = last?.validation ?? record.validation
      guard let loss = losses.first(where: \.inDistribution)?.loss else { continue }
      ladder.append(
        SuiteStudy.Run(
          label: record.label,
          tokenMultiplier: record.config.tokenMultiplier
            ?? Double(record.tokens) / Double(record.parameters.total),
          flops: record.trainingFLOPs, loss: loss,
          tasks: last?.tasks.map(\.taskError) ?? record.tasks))
    }
    let study = try SuiteStudy(ladder, reference: reference, margin: margin)
    if let svg { try DurableFile.write(Data(study.svg.utf8), to: URL(fileURLWithPath: svg)) }
    if json { try printJSON(study) } else { print(study.text) }
  }
}

extension TaskSummary {
  fileprivate var taskError: TaskError {
    TaskError(
      task: task, wrong: Int((error * Double(items)).rounded()), items: items, chance: chance)
  }
}
