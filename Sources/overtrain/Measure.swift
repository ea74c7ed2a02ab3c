import Corpus
import Evaluation
import Experiment
import Foundation
import Kernels
import Model
import Report
import Sweep

/// What `eval` measures models on: a corpus's sets and generated tasks, or files of tasks.
struct Measure {
  /// Runs of equal key are measured on the same.
  struct Key: Hashable {
    let corpus: String
    let fingerprint: String
    let evaluation: EvaluationConfig
    let contextLength: Int

    init(_ config: RunConfig, corpus: String?) {
      self.corpus = corpus ?? config.corpus
      fingerprint = config.corpusFingerprint
      evaluation = config.evaluation
      contextLength = config.model.contextLength
    }
  }

  let corpus: TokenizedCorpus?
  /// Whether it is the corpus that the run was trained on.
  let isOwn: Bool
  let evaluator: Evaluator?
  let files: FileTasks?
  let workers: Int
  let detail: Bool

  /// Losses and errors of a model, and the items behind the errors.
  func callAsFunction(
    _ model: any LanguageModel, _ weights: ParameterBuffer, run: String, step: Int, seeds: Seeds
  ) throws -> (EvaluationEntry, [TaskResult]) {
    let shouldStop: @Sendable () -> Bool = { Signals.stop.isSet }
    var validation: [ValidationLoss] = []
    var details: [LossDetail] = []
    var results: [TaskResult] = []
    if let evaluator {
      if detail {
        let both = try evaluator.detailedValidation(
          model, weights, seeds: seeds, workers: workers, shouldStop: shouldStop)
        validation = both.map(\.loss)
        details = both.compactMap(\.detail)
      } else {
        validation = try evaluator.validation(
          model, weights, seeds: seeds, workers: workers, shouldStop: shouldStop)
      }
      results = try evaluator.answers(model, weights, workers: workers, shouldStop: shouldStop)
    }
    var truncated: [String: Int] = [:]
    if let evaluator { truncated = evaluator.truncated }
    for task in files?.tasks ?? [] {
      if task.truncated > 0 {
        truncated[task.task.name] = task.truncated
        Terminal.note(
          "\(task.task.name): \(task.truncated) of \(task.task.items.count) items lost the "
            + "beginning of their context, which is longer than the model's")
      }
      results.append(
        try task.task.score(
          model, weights, endOfText: files?.endOfText ?? 0, workers: workers,
          shouldStop: shouldStop))
    }
    let entry = EvaluationEntry(
      run: run, step: step, corpus: corpus?.manifest.name ?? "",
      corpusFingerprint: corpus?.manifest.fingerprint ?? "",
      validation: isOwn ? validation : validation.map(\.ofAnotherCorpus),
      detail: detail ? details : nil,
      tasks: results.map { $0.summary(truncated: truncated[$0.task]) })
    return (entry, results)
  }
}

extension ValidationLoss {
  /// The loss, of a run that was trained on another corpus.
  fileprivate var ofAnotherCorpus: ValidationLoss {
    ValidationLoss(
      set: set, inDistribution: false, loss: loss, low: low, high: high, bitsPerByte: bitsPerByte,
      tokens: tokens, bytes: bytes, sequences: sequences)
  }
}

extension EvaluationEntry {
  /// The losses and the errors as tables.
  var table: String {
    var tables: [Table] = []
    if !validation.isEmpty {
      var losses = Table(columns: ["set", "loss", "95 % interval", "bits/byte", "tokens"])
      for set in validation {
        losses.add([
          set.set, String(format: "%.4f", set.loss),
          String(format: "%.4f to %.4f", set.low, set.high),
          String(format: "%.4f", set.bitsPerByte), String(set.tokens),
        ])
      }
      tables.append(losses)
    }
    for detail in detail ?? [] {
      var deciles = Table(columns: ["\(detail.set): frequency decile", "loss", "tokens"])
      for (i, mean) in detail.byFrequencyDecile.enumerated() {
        deciles.add([
          String(i + 1), mean.loss.map { String(format: "%.4f", $0) } ?? "–", String(mean.tokens),
        ])
      }
      var positions = Table(columns: ["\(detail.set): position", "loss", "tokens"])
      for (i, mean) in detail.byPosition.enumerated() where (i + 1) & i == 0 {
        positions.add([
          String(i + 1), mean.loss.map { String(format: "%.4f", $0) } ?? "–", String(mean.tokens),
        ])
      }
      tables += [deciles, positions]
    }
    if !tasks.isEmpty {
      var errors = Table(columns: ["task", "error", "chance", "± s.e.", "items", "rule"])
      for task in tasks {
        errors.add([
          task.task, String(format: "%.3f", task.error), String(format: "%.3f", task.chance),
          String(format: "%.3f", task.standardError), String(task.items),
          task.rule?.rawValue ?? "",
        ])
      }
      tables.append(errors)
      let mean = tasks.reduce(0) { $0 + $1.error } / Double(tasks.count)
      return tables.map(\.rendered).joined(separator: "\n\n")
        + String(format: "\naverage over %d tasks: %.4f", tasks.count, mean)
    }
    return tables.map(\.rendered).joined(separator: "\n\n")
  }
}
