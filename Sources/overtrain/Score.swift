import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain score`.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Hold a frozen prediction against what the run measured.",
    discussion: """
      The hash is checked first, so an edited prediction is refused.

      Example:
        overtrain score big-run.json --loss 2.31 --error 0.52
      """)

  @Argument(help: "File of predict --freeze.") var file: String
  @Option(help: "Measured validation loss, nats per token.") var loss: Double
  @Option(help: "Measured average error, a share.") var error: Double?
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    guard loss > 0, loss.isFinite, error.map({ (0...1).contains($0) }) ?? true else {
      throw UserError(
        .usage, "loss is \(loss), error is \(error.map { "\($0)" } ?? "not given")",
        fix: "loss is in nats per token, error a share from 0 to 1")
    }
    let frozen = try FrozenPrediction.read(URL(fileURLWithPath: file))
    let scored = frozen.scored(loss: loss, error: error)
    if json { return try printJSON(scored) }
    func line(_ name: String, _ estimate: Estimate?) {
      guard let estimate, let actual = estimate.actual else { return }
      var text = "\(name) predicted \(Numbers.fixed(estimate.predicted, 4))"
      if let low = estimate.low, let high = estimate.high {
        text += " [\(Numbers.fixed(low, 3)), \(Numbers.fixed(high, 3))]"
        text += (low...high).contains(actual) ? ", inside" : ", outside"
      }
      print(
        "\(text): measured \(Numbers.fixed(actual, 4)), off by"
          + " \(Numbers.percent(estimate.relativeError ?? 0))")
    }
    print("\(scored.run), frozen \(frozen.date) from \(frozen.fit)")
    line("loss", scored.loss)
    line("error", scored.error)
  }
}
