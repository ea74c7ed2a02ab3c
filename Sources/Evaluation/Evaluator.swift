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

  /// The windows of every validation set of `corpus` and the items of the tasks of `config`.
  ///
  /// - Throws: `UserError` of kind `badConfig` for an unknown task, `badData` for a set or task
  ///   pool that is too small.
  public init(
    corpus: TokenizedCorpus, config: EvaluationConfig, contextLength: Int
  ) throws(UserError) {
    byteCounts = corpus.tokenizer.byteCounts
    endOfText = Int32(corpus.tokenizer.endOfText)
    var sets: [HeldOutLoss] = []
    for set in corpus.manifest.sets where set.purpose != .training {
      sets.append(
        try HeldOutLoss(
          set, tokens: corpus.tokens(of: set.name), atMost: config.validationTokens,
          positions: contextLength))
    }
    self.sets = sets

    tasks = try GeneratedTask.suite(
      config.tasks, from: config.tasks.isEmpty ? [] : try corpus.taskDocuments(),
      tokenizer: corpus.tokenizer, fingerprint: corpus.manifest.fingerprint,
      itemsPerTask: config.itemsPerTask, contextLength: contextLength)
  }

  /// Loss on every validation set, in the order of the manifest.
  ///
  /// - Parameter shouldStop: polled every few thousand tokens
  /// - Throws: `UserError` of kind `interrupted` when `shouldStop` says so.
  public func validation(
    _ model: any LanguageModel, _ weights: ParameterBuffer, seeds: Seeds,
    shouldStop: () -> Bool = { false }
  ) throws(UserError) -> [ValidationLoss] {
    let arena = Arena()
    var losses: [ValidationLoss] = []
    for set in sets {
      losses.append(
        try set.measure(
          model, weights, byteCounts: byteCounts,
          seed: seeds.bootstrap ^ stableHash(set.set), arena, shouldStop: shouldStop))
    }
    return losses
  }

  /// The answers to every task, item by item.
  ///
  /// - Parameter shouldStop: polled every few thousand tokens
  /// - Throws: `UserError` of kind `interrupted` when `shouldStop` says so.
  public func answers(
    _ model: any LanguageModel, _ weights: ParameterBuffer, shouldStop: () -> Bool = { false }
  ) throws(UserError) -> [TaskResult] {
    let arena = Arena()
    var results: [TaskResult] = []
    for task in tasks {
      results.append(
        try task.score(model, weights, endOfText: endOfText, arena, shouldStop: shouldStop))
    }
    return results
  }
}
