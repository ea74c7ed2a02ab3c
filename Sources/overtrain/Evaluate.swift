import ArgumentParser
import Corpus
import Evaluation
import Experiment
import Foundation
import Kernels
import Model
import Report
import Sweep
import Training

/// `overtrain eval`
struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure a finished run again, from its final checkpoint.",
    discussion: """
      Example: overtrain eval data/runs/demo/demo-a20-1a2b3c4d

      Adds a line to the run's evaluation.jsonl; its record stays as it is.
      """)

  @Argument(help: "The run's folder.", completion: .directory) var folder: String
  @Option(help: "Folder of corpora.") var corpora = "data/corpora"
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let folder = URL(fileURLWithPath: folder)
    let config = try finishedRecord(in: folder).config
    let lock = try RunLock(folder)
    defer { withExtendedLifetime(lock) {} }
    let corpus = try TokenizedCorpus(
      opening: URL(fileURLWithPath: corpora).appendingPathComponent(config.corpus),
      verifying: true)
    guard corpus.manifest.fingerprint == config.corpusFingerprint else {
      throw UserError(
        .badData, "the corpus is not the one that this run was trained on",
        at: corpus.folder.path, fix: "make it again from its config, or name another --corpora")
    }
    let model = config.model.build()
    let weights = ParameterBuffer(model.layout)
    guard let step = try CheckpointStore(folder).restoreWeights(weights) else {
      throw UserError(
        .missingInput, "the run has no valid checkpoint",
        at: folder.appendingPathComponent("checkpoints").path,
        fix: "remove the run's folder and sweep again")
    }

    Signals.install()
    let evaluator = try Evaluator(
      corpus: corpus, config: config.evaluation, contextLength: config.model.contextLength)
    let entry = EvaluationEntry(
      run: folder.lastPathComponent, step: step, corpus: config.corpus,
      corpusFingerprint: config.corpusFingerprint,
      validation: try evaluator.validation(
        model, weights, seeds: config.seeds, shouldStop: { Signals.stop.isSet }),
      tasks: try evaluator.answers(model, weights, shouldStop: { Signals.stop.isSet }).map(\.error))
    try EvaluationLog(runFolder: folder).append(entry)
    if json { try printJSON(entry) } else { print(text(entry)) }
  }

  private func finishedRecord(in folder: URL) throws -> RunRecord {
    let store = RunStore(folder.deletingLastPathComponent())
    guard let record = try store.record(for: folder.lastPathComponent) else {
      throw UserError(
        .missingInput, "the run has no record: it is not finished", at: folder.path,
        fix: "overtrain resume \(folder.relativePath)")
    }
    guard record.outcome.status == .finished else {
      throw UserError(
        .badData, "the run \(record.outcome.status.rawValue); there is nothing to measure",
        at: folder.path, fix: "choose a finished run: overtrain status")
    }
    return record
  }

  /// The losses and the errors as two tables.
  private func text(_ entry: EvaluationEntry) -> String {
    var losses = Table(columns: ["set", "loss", "95 % interval", "bits/byte", "tokens"])
    for set in entry.validation {
      losses.add([
        set.set, String(format: "%.4f", set.loss),
        String(format: "%.4f to %.4f", set.low, set.high),
        String(format: "%.4f", set.bitsPerByte), String(set.tokens),
      ])
    }
    var errors = Table(columns: ["task", "error", "chance", "± s.e.", "items"])
    for task in entry.tasks {
      errors.add([
        task.task, String(format: "%.3f", task.error), String(format: "%.3f", task.chance),
        String(format: "%.3f", task.standardError), String(task.items),
      ])
    }
    return entry.tasks.isEmpty ? losses.rendered : losses.rendered + "\n\n" + errors.rendered
  }
}
