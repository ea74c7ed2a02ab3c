import ConfigFiles
import Experiment
import Foundation
import Report
import ScalingLaws
import Training

/// What `predict --run` says of a run that is still training.
struct UnfinishedRun: Encodable {
  let run: String
  let prediction: RunPrediction
  /// Its validation loss, where it has ended after all.
  let actual: Double?
  /// What a fit says of the run from its N and D alone.
  let law: Estimate?
  let level: Double

  /// - Throws: `UserError` when the run has no config or too few logged steps.
  init(_ folder: URL, upTo share: Double?, level: Double, fit: Fit?) throws {
    guard (0.5...0.999).contains(level), share.map({ $0 > 0 && $0 <= 1 }) ?? true else {
      throw UserError(.usage, "a level or a share out of range", fix: "--level 0.9 --up-to 0.4")
    }
    let config = try Self.config(folder)
    let store = RunStore(folder.deletingLastPathComponent())
    let id = folder.lastPathComponent
    var curve = Self.curve(folder, config)
    if let share { curve = curve.cut(at: share) }
    var finished: [(run: String, curve: RunCurve, loss: Double)] = []
    for record in try store.all() where record.id != id && record.outcome.status == .finished {
      guard let loss = record.validationLoss, record.config.corpus == config.corpus,
        record.config.corpusFingerprint == config.corpusFingerprint
      else { continue }
      finished.append(
        (record.label, Self.curve(store.runFolder(record.id), record.config), loss))
    }
    guard let prediction = RunPrediction(curve, finished: finished, level: level) else {
      throw UserError(
        .badData,
        "\(curve.samples.count { $0.step > curve.warmupSteps }) logged steps after the warm-up, which"
          + " ends at step \(curve.warmupSteps); a curve needs 12",
        at: folder.appendingPathComponent("metrics.jsonl").relativePath,
        fix: "wait until the run is further on")
    }
    self.prediction = prediction
    self.level = level
    run = config.label
    actual = try store.record(for: id)?.validationLoss
    law = fit.map {
      $0.predict(
        parameters: Double(ParameterCount(config.model).total),
        tokens: Double(config.training.tokens)
      ).loss
    }
  }

  private static func config(_ folder: URL) throws -> RunConfig {
    let file = folder.appendingPathComponent("config.yaml")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw UserError(
        .missingInput, "no run here: config.yaml is missing", at: folder.relativePath,
        fix: "give the folder of a run, data/runs/<grid>/<run>; overtrain status lists their ids")
    }
    return try ConfigFile.load(RunConfig.self, from: file)
  }

  private static func curve(_ folder: URL, _ config: RunConfig) -> RunCurve {
    RunCurve(
      samples: RunCurve.samples(metrics: folder.appendingPathComponent("metrics.jsonl")),
      rates: (0..<config.training.steps).map { config.training.learningRate(at: $0) },
      warmupSteps: config.training.warmupSteps)
  }

  private static let names: [RunForecast.Law: String] = [
    .annealing: "annealing law of the curve", .hyperbolic: "hyperbola through the curve",
    .latest: "its latest losses and the further fall of finished runs",
  ]

  var text: String {
    let p = prediction
    var lines = [
      "\(run), \(Numbers.percent(p.progress, 0)) of its steps seen, \(Self.names[p.law] ?? "")"
    ]
    if let loss = p.loss {
      var line = "validation loss at the end: \(Numbers.fixed(loss, 4))"
      if let low = p.low, let high = p.high {
        line += " [\(Numbers.fixed(low, 3)), \(Numbers.fixed(high, 3))]"
      }
      lines.append(line)
      let inside = p.backtests.compactMap(\.isInside)
      lines.append(
        "tested on \(p.backtests.count) finished runs cut at the same share, each from the others: off"
          + " by \(Numbers.percent(p.meanError ?? .nan)) on average,"
          + " \(Numbers.percent(p.backtests.map(\.relativeError).max() ?? .nan)) at worst"
          + (inside.isEmpty
            ? "" : "; \(inside.count { $0 }) of \(inside.count) inside their interval"))
    } else {
      lines.append(
        "training loss at the end: \(Numbers.fixed(p.trainingLoss, 4)); no interval, for no two"
          + " finished runs of this grid are there to test it on")
    }
    for (name, error) in p.withinRun.sorted(by: { $0.key < $1.key }) {
      lines.append(
        "  \(name): off by \(Numbers.percent(error)) on the last 30 % of what was seen, from the rest"
      )
    }
    if let law {
      let interval = law.low.flatMap { low in
        law.high.map { " [\(Numbers.fixed(low, 3)), \(Numbers.fixed($0, 3))]" }
      }
      lines.append(
        "the fit, which has not seen this run: \(Numbers.fixed(law.predicted, 4))\(interval ?? "")")
    }
    if let actual {
      lines.append(
        "it has ended: \(Numbers.fixed(actual, 4))"
          + (p.loss.map { ", off by \(Numbers.percent(abs($0 / actual - 1)))" } ?? ""))
    }
    return lines.joined(separator: "\n")
  }
}
