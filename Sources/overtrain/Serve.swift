import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain serve`.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "The cheapest model of a given loss, training and serving counted.",
    discussion: """
      A smaller model trained for longer costs more to train and less to serve (2·N FLOPs a token). \
      Prints the cheapest (N, M) for the tokens it will serve, and what every M would cost.

      Example:
        overtrain serve data/fits/demo --loss 2.5 --served 1e12
      """)

  @Argument(help: "Folder of a fit, or its fit.json.") var fit: String
  @Option(help: "Target validation loss, nats per token.") var loss: Double
  @Option(help: "Tokens that the model will serve.") var served: Double
  @Flag(help: "Print one JSON object.") var json = false

  private struct Row: Encodable {
    let name: String
    let model: Serving.Model
    let breakEvenTokens: Double?
  }

  func run() throws {
    guard served >= 0, served.isFinite else {
      throw UserError(.usage, "\(served) tokens to serve", fix: "write e.g. --served 1e12")
    }
    let fit = try Fit.read(URL(fileURLWithPath: fit))
    let serving = try Serving(fit.lossLaw, loss: loss, servedTokens: served)
    var rows = [
      Row(name: "cheapest in all", model: serving.cheapest, breakEvenTokens: nil),
      Row(name: "cheapest to train", model: serving.cheapestToTrain, breakEvenTokens: nil),
    ]
    for m in [10.0, 20, 40, 80, 160, 320, 640, 1280] {
      let model = serving.model(tokenMultiplier: m)
      rows.append(
        Row(name: "M = \(Int(m))", model: model, breakEvenTokens: serving.breakEven(model)))
    }
    if json { return try printJSON(rows) }
    let least = serving.cheapest.totalFLOPs
    var table = Table(columns: [
      "model", "N", "D", "M", "training", "serving", "× the least", "pays from",
    ])
    for row in rows {
      let model = row.model
      table.add([
        row.name, Numbers.short(model.parameters), Numbers.short(model.tokens),
        Numbers.significant(model.tokenMultiplier, 3), Numbers.scientific(model.trainingFLOPs),
        Numbers.scientific(serving.servedTokens * 2 * model.parameters),
        Numbers.significant(model.totalFLOPs / least, 3),
        row.breakEvenTokens.map { Numbers.short($0) } ?? "–",
      ])
    }
    print(table.rendered)
    print("\npays from: served tokens from which it costs less than the cheapest to train")
    for warning in fit.warnings { print("warning: \(warning)") }
  }
}
