import ArgumentParser
import Experiment
import Foundation
import Report
import Sweep
import Training

/// `overtrain sweep`
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Train and measure every run of a grid that is missing, on all cores.",
    discussion: """
      Example: overtrain sweep configs/demo.yaml

      Stop it at any time; the same command goes on where it was.
      """)

  @OptionGroup var options: GridOptions
  @Option(help: "Cores to use.") var cores = ProcessInfo.processInfo.activeProcessorCount
  @Option(
    help: "Seconds between checkpoints; without it 20, or more where saving takes over 1 %.")
  var checkpointSeconds: Double?
  @Option(help: "How many of the newest checkpoints of a run to keep while it trains.")
  var keepLast = 2
  @Option(help: "Keep the checkpoints of every so many steps for good.") var keepEvery: Int?
  @Flag(help: "Only print the plan.") var dryRun = false

  func validate() throws {
    guard cores >= 1, checkpointSeconds ?? 1 > 0, keepLast >= 1, keepEvery ?? 1 >= 1 else {
      throw ValidationError(
        "--cores, --checkpoint-seconds, --keep-last and --keep-every must be above zero")
    }
  }

  func run() throws {
    if dryRun {
      var plan = try PlanCommand.parse([])
      plan.options = options
      try plan.run()
      return
    }
    let resolved = try options.resolve(verifying: true)
    let sweep = resolved.sweep
    let missing = try sweep.missing()
    Terminal.note(
      "\(resolved.grid.name): \(resolved.cells.count) runs, \(missing.count) to do, in "
        + resolved.store.folder.relativePath)
    let plan = GridPlan(
      resolved.cells, done: [], trainingTokens: resolved.trainingTokens)
    for warning in plan.warnings { Terminal.note("doubt: \(warning)") }
    try train(sweep)
    print(try StatusCommand.table(of: resolved.store).rendered)
  }

  private func train(_ sweep: GridSweep) throws {
    Signals.letWorkBeSaved()
    let progress = SweepProgress()
    let display = SweepDisplay(progress)
    defer { display.end() }
    try sweep.run(
      coreCount: cores,
      saving: .init(
        seconds: checkpointSeconds, retention: .init(last: keepLast, everySteps: keepEvery)),
      stop: Signals.stop, progress: progress,
      warn: { Terminal.note($0) })
  }
}
