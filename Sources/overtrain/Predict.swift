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

      Example:
        overtrain predict data/fits/demo --N 1e6 --D 2e7
        overtrain predict data/fits/demo --C 1e13 --M 20 --json
        overtrain predict data/fits/demo --N 1e6 --D 2e7 --freeze big-run.json
        overtrain score big-run.json --loss 2.31
      """)

  @Argument(help: "Folder of a fit, or its fit.json.") var fit: String
  @Option(name: .customLong("N"), help: "Parameters.") var parameters: Double?
  @Option(name: .customLong("D"), help: "Training tokens.") var tokens: Double?
  @Option(name: .customLong("M"), help: "Tokens per parameter.") var tokenMultiplier: Double?
  @Option(name: .customLong("C"), help: "Training compute in FLOPs, 6·N·D.") var compute: Double?
  @Option(help: "Write the prediction with date and hash, to be scored once the run exists.")
  var freeze: String?
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let (n, d) = try shape()
    let fit = try Fit.read(URL(fileURLWithPath: fit))
    let prediction = fit.predict(
      parameters: n, tokens: d,
      run: "\(Numbers.short(n)) × \(Numbers.multiplier(d / n))")
    if let freeze {
      let frozen = try FrozenPrediction(fit, prediction)
      try frozen.write(to: URL(fileURLWithPath: freeze))
      FileHandle.standardError.write(Data("frozen \(frozen.date), \(frozen.hash)\n".utf8))
    }
    if json {
      let answer = Answer(
        law: fit.options.law, level: fit.options.level, prediction: prediction,
        warnings: fit.warnings)
      print(String(decoding: try StableJSON.encode(answer), as: UTF8.self))
    } else {
      print(fit.table(title: "run", [prediction]).rendered)
      for warning in fit.warnings { print("warning: \(warning)") }
    }
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
    let warnings: [String]

    private enum CodingKeys: CodingKey { case law, level, warnings }

    func encode(to encoder: any Encoder) throws {
      try prediction.encode(to: encoder)
      var json = encoder.container(keyedBy: CodingKeys.self)
      try json.encode(law, forKey: .law)
      try json.encode(level, forKey: .level)
      try json.encode(warnings, forKey: .warnings)
    }
  }
}

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
