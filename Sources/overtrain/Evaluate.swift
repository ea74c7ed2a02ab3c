import ArgumentParser
import ConfigFiles
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
    abstract: "Measure finished runs again, or a Hugging Face checkpoint on your tasks.",
    discussion: """
      Examples:
        overtrain eval data/runs/demo/demo-a20-1a2b3c4d
        overtrain eval data/runs/ladder/* --config configs/ladder.yaml
        overtrain eval data/runs/demo/demo-a20-1a2b3c4d --text letters/ --text poems.txt
        overtrain eval data/runs/demo/demo-a20-1a2b3c4d --tasks tasks/ --json
        overtrain eval llama/ --tasks tasks/ --items scores/

      A run is measured from its final checkpoint, on what it was measured on when it ended, or on \
      what the options say. A line is added to its evaluation.jsonl, and items to its eval/; its \
      record stays as it is. A checkpoint is a folder with config.json, model.safetensors and \
      tokenizer.json.

      Task files are jsonl: {"query", "choices", "gold"}, {"context", "continuation"}, \
      {"context_options", "continuation", "gold"} or {"good", "bad"}; for others a YAML file names \
      the fields (see README).
      """)

  @Argument(help: "Folders of runs, or of Hugging Face checkpoints.", completion: .directory)
  var folders: [String]
  @Option(help: "Folder of corpora.") var corpora = "data/corpora"
  @Option(help: "Another corpus with the same tokenizer: measure on its sets and tasks.")
  var corpus: String?
  @Option(help: "A grid's YAML file: measure what its `evaluation:` says.") var config: String?
  @Option(help: "A text file, or a folder of them: measure the loss on these alone.")
  var text: [String] = []
  @Option(help: "The key of the text in jsonl.") var field = "text"
  @Option(help: "A task file, or a folder of them: ask these tasks alone.") var tasks: String?
  @Option(help: "Examples before each question; without it, as many as the task's suite has.")
  var shots: Int?
  @Option(help: "Also write every item's scores to this folder.") var items: String?
  @Flag(help: "Also give the loss by position and by token frequency.") var detail = false
  @Option(help: "Threads; the results do not depend on them.")
  var workers = ProcessInfo.processInfo.activeProcessorCount
  @Flag(help: "Print one JSON object for each folder.") var json = false

  func validate() throws {
    if folders.isEmpty { throw ValidationError("name at least one folder") }
    if workers < 1 { throw ValidationError("--workers must be at least 1") }
    if let shots, shots < 0 { throw ValidationError("--shots must not be negative") }
    if !text.isEmpty, corpus != nil || config != nil {
      throw ValidationError("--text measures on the text alone: leave --corpus and --config out")
    }
  }

  func run() throws {
    Signals.letWorkBeSaved()
    var measures: [Measure.Key: Measure] = [:]
    for folder in folders.map({ URL(fileURLWithPath: $0) }) {
      if folders.count > 1 { Terminal.note(folder.lastPathComponent) }
      let entry =
        HuggingFaceCheckpoint.isCheckpoint(folder)
        ? try checkpoint(folder) : try run(folder, &measures)
      if json { try printJSON(entry) } else { print(entry.table) }
    }
  }

  /// Measures a run and adds the entry to its log.
  private func run(
    _ folder: URL, _ measures: inout [Measure.Key: Measure]
  ) throws -> EvaluationEntry {
    let config = try finishedRecord(in: folder).config
    let lock = try RunLock(folder)
    defer { withExtendedLifetime(lock) {} }
    let key = Measure.Key(config, corpus: corpus)
    let measure = try measures[key] ?? self.measure(config)
    measures[key] = measure
    let model = config.model.build()
    let weights = ParameterBuffer(model.layout)
    guard let step = try CheckpointStore(folder).restoreWeights(weights) else {
      throw UserError(
        .missingInput, "the run has no valid checkpoint",
        at: folder.appendingPathComponent("checkpoints").path,
        fix: "remove the run's folder and sweep again")
    }
    let (entry, results) = try measure(
      model, weights, run: folder.lastPathComponent, step: step, seeds: config.seeds)
    for result in results { try result.add(to: folder.appendingPathComponent("eval")) }
    try write(results, of: folder)
    try EvaluationLog(runFolder: folder).append(entry)
    return entry
  }

  /// Measures a checkpoint on the text and asks it the tasks.
  private func checkpoint(_ folder: URL) throws -> EvaluationEntry {
    guard tasks != nil || !text.isEmpty else {
      throw UserError(
        .usage, "a checkpoint has no corpus to be measured on", at: folder.path,
        fix: "name --tasks FILE|DIR or --text FILE|DIR")
    }
    let checkpoint = try HuggingFaceCheckpoint(folder)
    let measure = try measure(
      EvaluationConfig(), checkpoint.tokenizer, contextLength: checkpoint.config.contextLength)
    let (entry, results) = try measure(
      checkpoint.config.build(), checkpoint.weights, run: folder.lastPathComponent, step: 0,
      seeds: Seeds(base: 1))
    try write(results, of: folder)
    return entry
  }

  /// Writes items to `--items`, to a folder for each run where there are several.
  private func write(_ results: [TaskResult], of folder: URL) throws {
    guard let items else { return }
    var place = URL(fileURLWithPath: items)
    if folders.count > 1 { place.appendPathComponent(folder.lastPathComponent) }
    for result in results { try result.write(to: place) }
  }

  /// What runs like `config` are measured on.
  private func measure(_ config: RunConfig) throws -> Measure {
    let root = URL(fileURLWithPath: corpora)
    let own = try TokenizedCorpus(
      opening: root.appendingPathComponent(config.corpus), verifying: corpus == nil)
    guard own.manifest.fingerprint == config.corpusFingerprint else {
      throw UserError(
        .badData, "the corpus is not the one that this run was trained on",
        at: own.folder.path, fix: "make it again from its config, or name another --corpora")
    }
    guard text.isEmpty, tasks == nil else {
      return try measure(
        config.evaluation, own.tokenizer, contextLength: config.model.contextLength)
    }
    var wanted = config
    if let corpus, corpus != config.corpus {
      let measured = try TokenizedCorpus(
        opening: root.appendingPathComponent(corpus), verifying: true)
      guard measured.manifest.tokenizerSHA256 == own.manifest.tokenizerSHA256 else {
        throw UserError(
          .badData,
          "its tokenizer is not the one of \(config.corpus), which the run was trained on",
          at: measured.folder.path,
          fix: "make the corpus with `tokenizer: {corpus: \(config.corpus), …}`; losses of two "
            + "tokenizers do not compare")
      }
      wanted.corpus = corpus
      wanted.evaluation.corpora = nil
    }
    try apply(self.config, to: &wanted, root, tokenizer: own.manifest.tokenizerSHA256)
    if wanted.corpus != config.corpus, let others = wanted.evaluation.outOfDistributionTokens {
      wanted.evaluation.validationTokens = others  // as when it is measured beside the run's own
    }
    let opened = try wanted.corpora(in: root)
    let evaluator = try Evaluator(wanted, corpora: opened)
    evaluator.doubts(wanted.evaluation).forEach { Terminal.note($0) }
    return Measure(
      corpus: opened[wanted.corpus], isOwn: wanted.corpus == config.corpus, evaluator: evaluator,
      files: nil, workers: workers, detail: detail)
  }

  /// The text and the tasks that the options name.
  private func measure(
    _ config: EvaluationConfig, _ tokenizer: Tokenizer, contextLength: Int
  ) throws -> Measure {
    let texts = try text.map {
      try HeldOutText(URL(fileURLWithPath: $0), field: field, tokenizer: tokenizer)
    }
    let files = try tasks.map { tasks in
      try FileTasks(
        URL(fileURLWithPath: tasks), tokenizer: tokenizer, contextLength: contextLength,
        shots: shots,
        describe: { url throws(UserError) in try ConfigFile.load(TaskDescription.self, from: url) })
    }
    return Measure(
      corpus: nil, isOwn: true,
      evaluator: texts.isEmpty
        ? nil
        : try Evaluator(
          texts: texts, tokenizer: tokenizer, config: config, contextLength: contextLength),
      files: files, workers: workers, detail: detail)
  }

  /// Replaces what is measured by what the grid at `path` says.
  private func apply(
    _ path: String?, to run: inout RunConfig, _ root: URL, tokenizer: String
  ) throws {
    guard let path else { return }
    let grid = try ConfigFile.load(GridConfig.self, from: URL(fileURLWithPath: path))
    let options = grid.evaluation
    run.evaluation = EvaluationConfig(
      validationTokens: options?.validationTokens ?? run.evaluation.validationTokens,
      outOfDistributionTokens: options?.outOfDistributionTokens
        ?? run.evaluation.outOfDistributionTokens,
      tasks: options?.tasks?.values ?? run.evaluation.tasks,
      itemsPerTask: options?.itemsPerTask ?? run.evaluation.itemsPerTask)
    let named = options?.corpora?.values ?? []
    for name in Set(grid.corpora.values + named).sorted() where name != run.corpus {
      let manifest = try TokenizedCorpus(opening: root.appendingPathComponent(name)).manifest
      guard named.contains(name) || manifest.tokenizerSHA256 == tokenizer else { continue }
      run.evaluation.corpora = run.evaluation.corpora ?? [:]
      run.evaluation.corpora?[name] = manifest.fingerprint
    }
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
}
