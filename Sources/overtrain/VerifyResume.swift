import ArgumentParser
import ConfigFiles
import Experiment
import Foundation
import Sweep

/// `overtrain verify-resume`
struct VerifyResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify-resume",
    abstract: "Prove on a grid of yours that a kill leaves no trace in the bits.",
    discussion: """
      Example: overtrain verify-resume configs/demo.yaml --run a20

      Trains a run to its end in a folder of its own; then again and again, killed (kill -9) at a \
      random step and resumed, with 1 or 2 workers before and after. Compares the SHA-256 of weights \
      and moments after every step, the record and the log, and prints a certificate.
      """)

  @OptionGroup var options: GridOptions
  @Option(name: .customLong("run"), help: "The run's label; the cheapest one when left out.")
  var label: String?
  @Option(help: "Cut the run to so many steps.") var steps = 200
  @Option(help: "Kills for each of the four pairs of workers.") var kills = 1
  @Option(help: "Decides at which steps to kill.") var seed: UInt64 = 0
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard steps >= 2, kills >= 1 else {
      throw ValidationError("--steps must be at least 2, --kills at least 1")
    }
  }

  func run() throws {
    let config = try chosenConfig()
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("overtrain-verify-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    Signals.letWorkBeSaved()
    let trial = ResumeTrial(config, id: try config.id, folder: folder, corpora: options.corpora)
    Terminal.note("training \(config.label) for \(config.training.steps) steps")
    let expected = try trial.uninterrupted()
    var random = RandomSource(seed: seed == 0 ? UInt64(Date().timeIntervalSince1970) : seed)
    var cases: [ResumeCertificate.Case] = []
    for (before, after) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
      for _ in 0..<kills {
        let step = 1 + random.integer(below: config.training.steps - 1)
        let found = try trial.interrupted(at: step, workers: (before, after))
        cases.append(
          .init(
            killedAtStep: found.killedAt, workersBefore: before, workersAfter: after,
            stepsDone: found.digests.count, firstDifference: expected.firstDifference(from: found)))
        Terminal.note(cases[cases.count - 1].description)
      }
    }
    let certificate = ResumeCertificate(config, try config.id, expected, cases)
    if json { try printJSON(certificate) } else { print(certificate.text) }
    guard certificate.isExact else {
      throw UserError(
        .failure, "a resumed run differs from the uninterrupted one", at: try config.id,
        fix: "report this with the certificate: it is a bug, or a fault of the machine")
    }
  }

  /// The cheapest cell, or the one that was named, cut to `steps`.
  private func chosenConfig() throws -> RunConfig {
    let resolved = try options.resolve(verifying: true)
    func flops(_ cell: GridCell) -> Double {
      cell.config.model.trainingFLOPsPerToken * Double(cell.config.training.tokens)
    }
    let cells = resolved.cells.filter { label == nil || $0.config.label == label }
    guard var config = cells.min(by: { flops($0) < flops($1) })?.config else {
      throw UserError(
        .usage, "the grid has no run \"\(label ?? "")\"", at: options.config,
        fix: "its runs are \(resolved.cells.map(\.config.label).joined(separator: ", "))")
    }
    config.training.steps = min(config.training.steps, steps)
    config.training.warmupSteps = min(config.training.warmupSteps, config.training.steps)
    return config
  }
}
