import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain loss-to-loss`.
struct LossToLossCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loss-to-loss",
    abstract: "Loss on one set from loss on another: L₁ = K·(L₀ − E₀)^κ + E₁.",
    discussion: """
      FROM and TO are folders of runs or CSV files whose runs have equal N and D; leave TO out to \
      compare two validation sets of the same runs. Held-out runs are not fitted but predicted.

      Example:
        overtrain loss-to-loss c4.csv rpj.csv
        overtrain loss-to-loss c4.csv --from-set c4_val --to-set paloma_ptb
        overtrain loss-to-loss data/runs/demo --to-set novels --loss 2.1
      """)

  @Argument(help: "Runs whose loss is known.") var from: String
  @Argument(help: "Runs whose loss is asked for; FROM again if left out.") var to: String?
  @Option(help: "Validation set of FROM.") var fromSet: String?
  @Option(help: "Validation set of TO.") var toSet: String?
  @Option(help: "Only runs of this corpus, in folders.") var corpus: String?
  @Option(help: "A loss of FROM to translate.") var loss: Double?
  @Flag(help: "Print one JSON object.") var json = false

  private struct Answer: Encodable {
    struct Held: Encodable {
      let run: String
      let from: Double
      let predicted: Double
      let actual: Double
      let relativeError: Double
    }
    let fitted: LossToLossLaw.Fitted
    let heldOut: [Held]
    let loss: Double?
  }

  func run() throws {
    let (mine, theirs) = (try data(from, fromSet), try data(to ?? from, toSet))
    let fitted = try LossToLossLaw.fit(from: mine, to: theirs)
    var held: [Answer.Held] = []
    for point in mine.points where point.role == .holdout {
      let twin = theirs.points.first {
        abs($0.parameters / point.parameters - 1) < 1e-3 && abs($0.tokens / point.tokens - 1) < 1e-3
      }
      guard let source = point.loss, let actual = twin?.loss else { continue }
      let predicted = fitted.law.loss(from: source)
      held.append(
        Answer.Held(
          run: point.run, from: source, predicted: predicted, actual: actual,
          relativeError: abs(predicted / actual - 1)))
    }
    let translated = loss.map { fitted.law.loss(from: $0) }
    if json { return try printJSON(Answer(fitted: fitted, heldOut: held, loss: translated)) }
    let law = fitted.law
    print(
      "K \(Numbers.significant(law.scale, 4))  κ \(Numbers.significant(law.exponent, 4)) ±"
        + " \(Numbers.significant(fitted.exponentSE, 2))  E₀"
        + " \(Numbers.significant(law.fromFloor, 4))  E₁ \(Numbers.significant(law.toFloor, 4))")
    print(
      "\(fitted.pairs) runs, R² \(Numbers.fixed(fitted.rSquared, 4)), residual SD"
        + " \(Numbers.percent(fitted.residualSD))")
    if !held.isEmpty {
      var table = Table(columns: ["held-out run", "loss there", "predicted", "actual", "off by"])
      for row in held {
        table.add([
          row.run, Numbers.fixed(row.from, 4), Numbers.fixed(row.predicted, 4),
          Numbers.fixed(row.actual, 4), Numbers.percent(row.relativeError),
        ])
      }
      print("\n" + table.rendered)
    }
    if let loss, let translated {
      print("\na loss of \(Numbers.fixed(loss, 4)) there is \(Numbers.fixed(translated, 4)) here")
    }
  }

  private func data(_ path: String, _ set: String?) throws -> LawData {
    var selection = RunSelection()
    (selection.corpus, selection.validationSet, selection.convention) = (corpus, set, .total)
    return try selection.data(URL(fileURLWithPath: path))
  }
}
