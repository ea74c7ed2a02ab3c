import ArgumentParser
import Experiment
import Foundation
import Report
import Sweep

/// `overtrain plan`
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "What a grid will cost: N, D, M, steps, FLOPs, memory, disk, time; and its doubts.",
    discussion: "Example: overtrain plan configs/demo.yaml")

  @OptionGroup var options: GridOptions
  @Flag(help: "Print one JSON object.") var json = false
  @Option(help: "Cores to plan for.") var cores = ProcessInfo.processInfo.activeProcessorCount

  func run() throws {
    let resolved = try options.resolve(verifying: false)
    let missing = Set(try resolved.sweep.missing().map(\.id))
    let plan = GridPlan(
      resolved.cells, done: Set(resolved.cells.map(\.id)).subtracting(missing),
      trainingTokens: resolved.trainingTokens)
    var time = TrainingTime(cores: cores)
    let seconds = try time.seconds(
      resolved.cells.filter { missing.contains($0.id) }.map(\.config))
    if json {
      try printJSON(
        PlanOutput(
          grid: resolved.grid.name, runs: plan.rows, warnings: plan.warnings,
          flopsLeft: plan.flopsLeft, secondsLeft: seconds, diskBytesLeft: plan.diskBytesLeft))
      return
    }
    print(Self.table(plan.rows).rendered)
    print(
      "\(missing.count) of \(plan.rows.count) runs to do: \(short(plan.flopsLeft)) FLOPs, about "
        + "\(duration(seconds)) of training on \(cores) cores, "
        + "\(short(Double(plan.diskBytesLeft)))B of disk")
    for warning in plan.warnings { Terminal.note("doubt: \(warning)") }
  }

  private static func table(_ rows: [GridPlan.Row]) -> Table {
    var table = Table(columns: [
      "run", "role", "N", "D", "M", "steps", "batch", "FLOPs", "memory", "disk", "",
    ])
    for row in rows {
      table.add([
        row.label, row.role.rawValue, short(Double(row.parameters)), short(Double(row.tokens)),
        String(format: "%.1f", row.tokenMultiplier), "\(row.steps)", "\(row.batchTokens)",
        String(format: "%.2e", row.flops), short(Double(row.memoryBytes)) + "B",
        short(Double(row.diskBytes)) + "B", row.done ? "done" : "",
      ])
    }
    return table
  }
}

/// What `plan --json` prints.
private struct PlanOutput: Encodable {
  let grid: String
  let runs: [GridPlan.Row]
  let warnings: [String]
  let flopsLeft: Double
  let secondsLeft: Double
  let diskBytesLeft: Int
}

/// Prints one JSON object on stdout.
func printJSON(_ value: some Encodable) throws {
  print(String(decoding: try StableJSON.encode(value), as: UTF8.self))
}
