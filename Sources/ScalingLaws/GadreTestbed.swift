import Experiment
import Foundation
import SwiftCSV

/// The published runs of Gadre et al. 2024: the `exp_data` folder of their repository, with
/// `models/<run>.json`, `evals/evaluation_<run>_heavy.json` and `eval_metadata.csv`.
public struct GadreTestbed: Sendable {
  /// Which tasks an average error is over.
  public enum ErrorMean: String, Sendable, CaseIterable {
    /// tasks on which some 0.154B run of any training set is at least 10 points above chance
    case subset = "avg_subset"
    /// every task
    case all = "avg_all"
  }

  /// One run's file, as far as laws need it.
  fileprivate struct Model: Decodable {
    struct Hyperparameters: Decodable {
      let tokens: Double
      let params: Double
      let warmup: Double?
      let globalBatch: Double?
      /// Without the input table; the head is in.
      let withoutEmbedding: Double?
      let model: String?
      let seed: Double?
      private enum CodingKeys: String, CodingKey {
        case tokens, params, warmup, model, seed
        case globalBatch = "global_bs"
        case withoutEmbedding = "params_no_embed"
      }
    }
    struct Result: Decodable {
      let loss: Double
      let validationData: [String]
      private enum CodingKeys: String, CodingKey {
        case loss
        case validationData = "val_data"
      }
    }
    let name: String
    let trainingSet: String
    let hyperparameters: Hyperparameters
    let results: [Result]
    private enum CodingKeys: String, CodingKey {
      case name, hyperparameters, results
      case trainingSet = "dataset_name"
    }
  }
  private struct Evaluation: Decodable {
    struct Metrics: Decodable { let icl: [String: Double] }
    let metrics: Metrics
    private enum CodingKeys: String, CodingKey { case metrics = "eval_metrics" }
  }

  private let folder: URL
  private let models: [Model]
  /// Accuracy by run and task.
  private let accuracies: [String: [String: Double]]
  /// Accuracy of guessing by task.
  private let baselines: [String: Double]

  /// Reads every run below `url`: the `exp_data` folder or the one that holds it.
  ///
  /// - Throws: `UserError` that names the file that is missing or cannot be read.
  public init(_ url: URL) throws(UserError) {
    let inner = url.appendingPathComponent("exp_data")
    folder = FileManager.default.fileExists(atPath: inner.path) ? inner : url
    let modelFolder = folder.appendingPathComponent("models")
    let names = try? FileManager.default.contentsOfDirectory(atPath: modelFolder.path)
    let files = (names ?? []).filter { $0.hasSuffix(".json") }.sorted()
    guard !files.isEmpty else {
      throw UserError(
        .missingInput, "no run (*.json)", at: modelFolder.path,
        fix: "give the exp_data folder of a clone of the mlfoundations/scaling repository")
    }
    var models: [Model] = []
    var accuracies: [String: [String: Double]] = [:]
    for file in files {
      let model = try StableJSON.decode(Model.self, from: modelFolder.appendingPathComponent(file))
      models.append(model)
      let evaluation = folder.appendingPathComponent("evals/evaluation_\(model.name)_heavy.json")
      guard FileManager.default.fileExists(atPath: evaluation.path) else { continue }
      accuracies[model.name] =
        try StableJSON.decode(Evaluation.self, from: evaluation).metrics.icl
    }
    self.models = models
    self.accuracies = accuracies
    baselines = try readBaselines(folder.appendingPathComponent("eval_metadata.csv"))
  }

  /// The training sets that have runs.
  public var trainingSets: [String] { Set(models.map(\.trainingSet)).sorted() }

  /// The validation sets that every run of a training set has a loss on, by their folders' names.
  public func lossSets(trainingSet: String) -> [String] {
    let sets = models.filter { $0.trainingSet == trainingSet }.map { Set($0.setLosses.keys) }
    return (sets.dropFirst().reduce(sets.first ?? []) { $0.intersection($1) }).sorted()
  }

  /// The tasks of a mean.
  public func tasks(_ mean: ErrorMean) -> [String] {
    let all = Set(accuracies.values.joined().map(\.key))
    guard mean == .subset else { return all.sorted() }
    let middle = models.filter { (1.5e8...1.6e8).contains($0.hyperparameters.params) }
    return all.filter { task in
      middle.contains {
        guard let accuracy = accuracies[$0.name]?[task] else { return false }
        return accuracy - (baselines[task] ?? 0) >= 0.1
      }
    }.sorted()
  }

  /// The runs of one training set with roles as in the paper's Table 1: five runs for the loss law,
  /// one more for the error law, the largest two held out.
  ///
  /// - Parameters:
  ///   - trainingSet: e.g. `c4_original`
  ///   - lossSet: a folder or file in the path of a validation set, e.g. `c4_val` or `paloma_ptb`
  ///   - errors: which tasks the error is a mean of
  public func data(
    trainingSet: String, lossSet: String, errors mean: ErrorMean
  ) throws(UserError) -> LawData {
    let runs = models.filter { $0.trainingSet == trainingSet }
    guard !runs.isEmpty else {
      throw UserError(
        .usage, "no run trained on \(trainingSet)", at: folder.path,
        fix: "choose --train from \(trainingSets.joined(separator: ", "))")
    }
    let tasks = tasks(mean)
    let sizes = Set(runs.map(\.hyperparameters.params)).sorted()
    var data = LawData(points: [], source: folder.path, parameterConvention: "total")
    data.set = lossSet
    data.chance = 1 - tasks.reduce(0) { $0 + (baselines[$1] ?? 0) } / Double(max(1, tasks.count))
    data.taskChances = Dictionary(tasks.map { ($0, 1 - (baselines[$0] ?? 0)) }) { $1 }
    for run in runs {
      let (n, d) = (run.hyperparameters.params, run.hyperparameters.tokens)
      let (role, errorRole) = roles(size: n, tokenMultiplier: d / n, smallest: sizes[0])
      let scores = accuracies[run.name] ?? [:]
      let known = tasks.compactMap { scores[$0] }
      var point = LawPoint(
        run: run.name, parameters: n, tokens: d, loss: try loss(of: run, on: lossSet),
        error: known.isEmpty || known.count < tasks.count
          ? nil : 1 - known.reduce(0, +) / Double(known.count),
        role: role, errorRole: errorRole,
        location: folder.appendingPathComponent("models/\(run.name).json").path)
      if point.error != nil {
        point.taskErrors = Dictionary(tasks.map { ($0, 1 - (scores[$0] ?? 0)) }) { $1 }
      }
      point.setLosses = run.setLosses
      point.otherCounts = run.hyperparameters.counts
      point.config = run.name
      if let fault = point.fault {
        data.excluded.append(.init(run: run.name, reason: fault.what))
        continue
      }
      data.points.append(point)
      if let steps = run.steps, let warmup = run.hyperparameters.warmup, warmup > 0.5 * steps {
        data.warnings.append(
          "\(run.name): warm-up took \(Int((100 * warmup / steps).rounded())) % of its steps")
      }
    }
    data.points.sort { ($0.parameters, $0.tokens) < ($1.parameters, $1.tokens) }
    data.warnings += doubts(runs, tasks)
    return data
  }

  /// What the files themselves show to be doubtful, beside short runs.
  private func doubts(_ runs: [Model], _ tasks: [String]) -> [String] {
    var doubts: [String] = []
    let later = runs.filter { $0.hyperparameters.seed != nil }.map(\.name).sorted()
    if !later.isEmpty && later.count < runs.count {
      doubts.append(
        "a batch of later runs, those whose files have a seed (\(later.joined(separator: ", "))),"
          + " may differ from the others in more than N and D")
    }
    let blank = runs.filter { ($0.hyperparameters.globalBatch ?? 0) <= 1 }.map(\.name).sorted()
    if !blank.isEmpty {
      doubts.append(
        "placeholders for the batch in \(blank.joined(separator: ", ")): steps are not known there")
    }
    // What these tasks really offer: five and three choices.
    for (task, choices) in [("commonsense_qa", 5.0), ("siqa", 3.0)] where tasks.contains(task) {
      if let stated = baselines[task], abs(stated - 1 / choices) > 0.01 {
        doubts.append(
          "\(task) has \(Int(choices)) choices, but its baseline is"
            + " \(Int((100 * stated).rounded())) %: its chance is as the file states it")
      }
    }
    return doubts
  }

  private func loss(of run: Model, on set: String) throws(UserError) -> Double {
    let found = run.results.filter { result in
      result.validationData.contains { $0.split(separator: "/").contains { $0 == set } }
    }
    guard found.count == 1, let result = found.first else {
      let sets = run.results.flatMap(\.validationData).compactMap {
        $0.split(separator: "/").dropLast().last.map(String.init)
      }
      throw UserError(
        .usage, "\(run.name) has \(found.count) losses on \(set)", at: folder.path,
        fix: "choose --loss from \(Set(sets).sorted().joined(separator: ", "))")
    }
    return result.loss
  }
}

/// Table 1 of the paper: M = 20 of the four sizes below 1B and M = 320 of the smallest fit the loss
/// law; M = 20 of the 1.4B size joins them for the error law; other runs above 1B are targets.
private func roles(
  size: Double, tokenMultiplier: Double, smallest: Double
) -> (loss: Role, error: Role) {
  let m = tokenMultiplier.rounded()
  if size < 1e9 {
    let fits = m == 20 || (m == 320 && size == smallest)
    return fits ? (.fit, .fit) : (.validate, .validate)
  }
  return size < 3e9 && m == 20 ? (.validate, .fit) : (.holdout, .holdout)
}

extension GadreTestbed.Model.Hyperparameters {
  /// N by the conventions that can be told from the file: total, without the input table (the head
  /// takes part in a matmul, the input table does not), without both, and exact FLOPs with causal
  /// attention over 6·D.
  fileprivate var counts: [String: Double] {
    var counts = ["total": params]
    guard let withoutEmbedding, withoutEmbedding < params else { return counts }
    counts["matmul"] = withoutEmbedding
    let body = 2 * withoutEmbedding - params
    if body > 0 { counts["body"] = body }
    if let (layers, width) = shape {
      counts["flops"] = withoutEmbedding + layers * width * (2048 + 1)
    }
    return counts
  }

  /// Layers and width: in the name, or of the two named models (their Table 3).
  private var shape: (Double, Double)? {
    guard let model else { return nil }
    if let match = model.firstMatch(of: #/d=(\d+)_l=(\d+)/#),
      let width = Double(match.1), let layers = Double(match.2)
    {
      return (layers, width)
    }
    return ["open_lm_1b": (24, 2048), "open_lm_7b": (32, 4096)][model]
  }
}

extension GadreTestbed.Model {
  /// Loss by the name of the validation set's folder.
  fileprivate var setLosses: [String: Double] {
    var losses: [String: Double] = [:]
    for result in results {
      let folders = result.validationData.compactMap {
        $0.split(separator: "/").dropLast().last.map(String.init)
      }
      if folders.count == 1 { losses[folders[0]] = result.loss }
    }
    return losses
  }

  /// Optimiser steps; nil where the file holds a placeholder for the batch.
  fileprivate var steps: Double? {
    guard let batch = hyperparameters.globalBatch, batch > 1 else { return nil }
    return hyperparameters.tokens / (batch * 2048)
  }
}

private func readBaselines(_ url: URL) throws(UserError) -> [String: Double] {
  let csv: CSV<Named>
  do {
    csv = try CSV<Named>(string: String(contentsOf: url, encoding: .utf8), delimiter: .comma)
  } catch {
    throw UserError(
      .missingInput, "cannot read the tasks: \(error.localizedDescription)", at: url.path)
  }
  var baselines: [String: Double] = [:]
  for row in csv.rows {
    guard let task = row["Eval Task"], let percent = row["Random baseline"].flatMap(Double.init)
    else { continue }
    baselines[task] = percent / 100
  }
  return baselines
}
