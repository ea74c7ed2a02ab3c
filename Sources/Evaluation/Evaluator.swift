import Corpus
import Experiment
import Kernels
import Model

/// Measures models on one corpus: built once, shared by all runs.
public struct Evaluator: Sendable {
  /// The generated tasks, the same for every run.
  public let tasks: [MultipleChoiceTask]
  private let sets: [HeldOutLoss]
  private let byteCounts: [Int]
  private let endOfText: Int32
  private let corpus: TokenizedCorpus

  /// The windows of every validation set of `corpus` and the items of the tasks of `config`.
  ///
  /// - Throws: `UserError` of kind `badConfig` for an unknown task, `badData` for a set or task
  ///   pool that is too small.
  public init(
    corpus: TokenizedCorpus, config: EvaluationConfig, contextLength: Int
  ) throws(UserError) {
    byteCounts = corpus.tokenizer.byteCounts
    endOfText = Int32(corpus.tokenizer.endOfText)
    self.corpus = corpus
    var sets: [HeldOutLoss] = []
    for set in corpus.manifest.sets where set.purpose != .training {
      sets.append(
        try HeldOutLoss(
          set, tokens: corpus.tokens(of: set.name), atMost: config.validationTokens,
          positions: contextLength))
    }
    self.sets = sets
    tasks = try GeneratedTask.suite(
      config.tasks, from: { pool throws(UserError) in try corpus.heldOutDocuments(pool) },
      tokenizer: corpus.tokenizer, fingerprint: corpus.manifest.fingerprint,
      itemsPerTask: config.itemsPerTask, contextLength: contextLength)
  }

  /// Loss on every validation set, in the order of the manifest.
  ///
  /// - Parameters:
  ///   - workers: threads; the bits do not depend on them
  ///   - shouldStop: polled every thousand tokens
  /// - Throws: `UserError` of kind `interrupted` when `shouldStop` says so.
  public func validation(
    _ model: any LanguageModel, _ weights: ParameterBuffer, seeds: Seeds, workers: Int = 1,
    shouldStop: @Sendable () -> Bool = { false }
  ) throws(UserError) -> [ValidationLoss] {
    var losses: [ValidationLoss] = []
    for set in sets {
      losses.append(
        try set.measure(
          model, weights, byteCounts: byteCounts, workers: workers,
          seed: seeds.bootstrap ^ stableHash(set.set), shouldStop: shouldStop
        ).loss)
    }
    return losses
  }

  /// `validation`, and the same losses by position and by how frequent the token is in training
  /// text.
  public func detailedValidation(
    _ model: any LanguageModel, _ weights: ParameterBuffer, seeds: Seeds, workers: Int = 1,
    shouldStop: @Sendable () -> Bool = { false }
  ) throws(UserError) -> [(loss: ValidationLoss, detail: LossDetail?)] {
    let reference =
      corpus.manifest.sets.first { $0.purpose == .training } ?? corpus.manifest.sets[0]
    let frequencies = TokenFrequencies(
      try corpus.tokens(of: reference.name), vocabularySize: byteCounts.count)
    var losses: [(loss: ValidationLoss, detail: LossDetail?)] = []
    for set in sets {
      losses.append(
        try set.measure(
          model, weights, byteCounts: byteCounts, frequencies: frequencies, workers: workers,
          seed: seeds.bootstrap ^ stableHash(set.set), shouldStop: shouldStop))
    }
    return losses
  }

  /// The answers to every task, item by item.
  ///
  /// - Parameters:
  ///   - workers: threads; the bits do not depend on them
  ///   - shouldStop: polled every thousand tokens
  /// - Throws: `UserError` of kind `interrupted` when `shouldStop` says so.
  public func answers(
    _ model: any LanguageModel, _ weights: ParameterBuffer, workers: Int = 1,
    shouldStop: @Sendable () -> Bool = { false }
  ) throws(UserError) -> [TaskResult] {
    var results: [TaskResult] = []
    for task in tasks {
      results.append(
        try task.score(
          model, weights, endOfText: endOfText, workers: workers, shouldStop: shouldStop))
    }
    return results
  }
}

extension TokenizedCorpus {
  /// The most tokens of a validation set that tasks are made from.
  private static let poolTokens = 1 << 21

  /// The documents of the task pool, or of the validation set `set`; never of a training set.
  func heldOutDocuments(_ set: String?) throws(UserError) -> [String] {
    guard let set else { return try taskDocuments() }
    guard let entry = manifest.sets.first(where: { $0.name == set }), entry.purpose != .training
    else {
      let names = manifest.sets.filter { $0.purpose != .training }.map(\.name)
      throw UserError(
        .badConfig, "tasks cannot be made from \"\(set)\": it is no validation set of the corpus",
        at: "evaluation.tasks", fix: "the validation sets are \(names.joined(separator: ", "))")
    }
    let sequence = try tokens(of: set)
    var ids = [Int32](repeating: 0, count: min(Self.poolTokens, sequence.count))
    sequence.copy(from: 0, count: ids.count, into: &ids, at: 0)
    return ids.split(separator: Int32(tokenizer.endOfText)).map {
      String(decoding: tokenizer.decode(Array($0)), as: UTF8.self)
    }
  }
}
