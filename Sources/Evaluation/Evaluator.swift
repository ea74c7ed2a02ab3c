import Corpus
import Experiment
import Kernels
import Model

/// Measures models on one corpus: built once, shared by all runs.
public struct Evaluator: Sendable {
  /// The tasks, the same for every run: generated ones, then those of files.
  public let tasks: [MultipleChoiceTask]
  /// How many items of a task of a file lost the beginning of their context, by task.
  public let truncated: [String: Int]
  private let sets: [HeldOutLoss]
  private let byteCounts: [Int]
  private let endOfText: Int32
  /// Text that says how frequent tokens are; a set's own if nil.
  private let reference: TokenSequence?

  /// The windows of every validation set of `corpus` and the items of the tasks of `config`.
  ///
  /// - Parameters:
  ///   - others: corpora of the same tokenizer; their validation split is a set of their name
  ///   - files: what lies at the paths among the tasks of `config`
  /// - Throws: `UserError` of kind `badConfig` for an unknown task, `badData` for a set or task
  ///   pool that is too small.
  public init(
    corpus: TokenizedCorpus, config: EvaluationConfig, contextLength: Int,
    others: [TokenizedCorpus] = [], files: [FileTasks] = []
  ) throws(UserError) {
    byteCounts = corpus.tokenizer.byteCounts
    endOfText = Int32(corpus.tokenizer.endOfText)
    let training = corpus.manifest.sets.first { $0.purpose == .training }
    reference = try training.map { set throws(UserError) in try corpus.tokens(of: set.name) }
    var sets: [HeldOutLoss] = []
    for set in corpus.manifest.sets where set.purpose != .training {
      sets.append(
        try HeldOutLoss(
          set, tokens: corpus.tokens(of: set.name),
          atMost: set.purpose == .validation ? config.validationTokens : config.otherTokens,
          positions: contextLength))
    }
    for other in others {
      precondition(
        other.manifest.tokenizerSHA256 == corpus.manifest.tokenizerSHA256,
        "tokens of another tokenizer")
      guard let set = other.manifest.sets.first(where: { $0.purpose == .validation }) else {
        throw UserError(
          .badData, "the corpus has no validation split", at: other.folder.path,
          fix: "make it with a validationShare above 0")
      }
      sets.append(
        try HeldOutLoss(
          set, tokens: other.tokens(of: set.name), atMost: config.otherTokens,
          positions: contextLength, foreign: other.manifest.name))
    }
    self.sets = sets
    let generated = try GeneratedTask.suite(
      config.tasks.filter { !EvaluationConfig.isPath($0) },
      from: { pool throws(UserError) in try corpus.heldOutDocuments(pool) },
      tokenizer: corpus.tokenizer, fingerprint: corpus.manifest.fingerprint,
      itemsPerTask: config.itemsPerTask, contextLength: contextLength)
    let read = files.flatMap(\.tasks)
    tasks = generated + read.map(\.task)
    truncated = Dictionary(
      read.filter { $0.truncated > 0 }.map { ($0.task.name, $0.truncated) }, uniquingKeysWith: +)
    for (i, task) in tasks.enumerated() where tasks[..<i].contains(where: { $0.name == task.name })
    {
      throw UserError(
        .badConfig, "two tasks are named \"\(task.name)\"", at: "evaluation.tasks",
        fix: "rename one of the files, or leave one of the two out")
    }
  }

  /// Text of the user's alone, without tasks.
  ///
  /// - Throws: `UserError` of kind `badData` for a text that is shorter than one window.
  public init(
    texts: [HeldOutText], tokenizer: Tokenizer, config: EvaluationConfig, contextLength: Int
  ) throws(UserError) {
    byteCounts = tokenizer.byteCounts
    endOfText = Int32(tokenizer.endOfText)
    reference = nil
    tasks = []
    truncated = [:]
    sets = try texts.map { text throws(UserError) in
      try HeldOutLoss(
        text.set, tokens: text.tokens, atMost: config.validationTokens, positions: contextLength)
    }
  }

  /// What a user should know before the tasks' errors are read, a line each.
  public func doubts(_ config: EvaluationConfig) -> [String] {
    tasks.compactMap { task in
      if let count = truncated[task.name] {
        "\(task.name): \(count) of \(task.items.count) items lost the beginning of their context, "
          + "which is longer than the model's"
      } else if config.tasks.contains(task.name), task.items.count < config.itemsPerTask * 9 / 10 {
        "\(task.name): held-out text gives \(task.items.count) items, not \(config.itemsPerTask)"
      } else {
        nil
      }
    }
  }

  /// Loss on every validation set, in the order of the manifest.
  ///
  /// - Parameters:
  ///   - batchTokens: about how many tokens go through the model at once; the bits do not depend on
  ///     them
  ///   - workers: threads; the bits do not depend on them
  ///   - shouldStop: polled between batches
  /// - Throws: `UserError` of kind `interrupted` when `shouldStop` says so.
  public func validation(
    _ model: any LanguageModel, _ weights: ParameterBuffer, seeds: Seeds, batchTokens: Int = 1024,
    workers: Int = 1, shouldStop: @Sendable () -> Bool = { false }
  ) throws(UserError) -> [ValidationLoss] {
    var losses: [ValidationLoss] = []
    for set in sets {
      losses.append(
        try set.measure(
          model, weights, byteCounts: byteCounts, batchTokens: batchTokens, workers: workers,
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
    var losses: [(loss: ValidationLoss, detail: LossDetail?)] = []
    for set in sets {
      let frequencies = TokenFrequencies(
        reference ?? set.tokens, vocabularySize: byteCounts.count)
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

extension EvaluationConfig {
  /// At most this many tokens of each set that is not the validation split.
  var otherTokens: Int { outOfDistributionTokens ?? validationTokens }
}
