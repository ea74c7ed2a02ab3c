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
      Prints the cheapest (N, M) for the tokens it will serve, and what training for longer than is \
      cheapest to train costs and saves at every M. The target is a loss, or an average error that \
      the fit's error law turns into one.

      Example:
        overtrain serve data/fits/demo --loss 2.5 --served 1e12
        overtrain serve data/fits/demo --error 0.35 --served 1e12
      """)

  @Argument(help: "Folder of a fit, or its fit.json.") var fit: String
  @Option(help: "Target validation loss, nats per token.") var loss: Double?
  @Option(help: "Target average error, a share.") var error: Double?
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
    let serving = try Serving(fit.lossLaw, loss: try target(fit), servedTokens: served)
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
    let first = serving.cheapestToTrain
    func change(_ value: Double, _ from: Double) -> String {
      from > 0 ? String(format: "%+.0f %%", 100 * (value / from - 1)) : "–"
    }
    if let error {
      print(
        "an average error of \(Numbers.percent(error, 1)) is a loss of"
          + " \(Numbers.fixed(serving.loss, 4))\n")
    }
    var table = Table(columns: [
      "model", "N", "D", "M", "training", "serving", "costs", "saves", "× the least", "pays from",
    ])
    for row in rows {
      let model = row.model
      table.add([
        row.name, Numbers.short(model.parameters), Numbers.short(model.tokens),
        Numbers.significant(model.tokenMultiplier, 3), Numbers.scientific(model.trainingFLOPs),
        Numbers.scientific(model.servingFLOPs), change(model.trainingFLOPs, first.trainingFLOPs),
        change(model.servingFLOPs, first.servingFLOPs),
        Numbers.significant(model.totalFLOPs / least, 3),
        row.breakEvenTokens.map { Numbers.short($0) } ?? "–",
      ])
    }
    print(table.rendered)
    print(
      "\ncosts, saves: training and serving FLOPs against the model that is cheapest to train"
        + "\npays from: served tokens from which it costs less in all than that one")
    for warning in fit.warnings { print("warning: \(warning)") }
  }

  private func target(_ fit: Fit) throws -> Double {
    switch (loss, error) {
    case (let loss?, nil): return loss
    case (nil, let error?):
      guard let loss = fit.loss(forError: error) else {
        throw UserError(
          .usage, "the fit's error law gives no loss for an error of \(error)",
          fix: fit.errorFitCount == 0
            ? "the fit has no error law: ask for --loss" : "ask for an error that it reaches")
      }
      return loss
    default:
      throw UserError(.usage, "the target is one of --loss and --error", fix: "e.g. --loss 2.5")
    }
  }
}
