import Experiment
import Kernels
import Model

extension MultipleChoiceTask {
  /// The log-probabilities of every choice under a model.
  ///
  /// Choices are scored in order of length, so that little of a batch is padding. How far a choice
  /// is padded depends on its own length alone, since the count of rows decides how a matmul rounds:
  /// so the bits of a result do not depend on the batch.
  ///
  /// - Parameters:
  ///   - endOfText: what stands in for an empty context
  ///   - batchTokens: about how many tokens go through the model at once
  ///   - shouldStop: polled between batches
  /// - Throws: `UserError` of kind `interrupted` when `shouldStop` says so.
  public func score(
    _ model: any LanguageModel, _ weights: ParameterBuffer, endOfText: Int32,
    batchTokens: Int = 4096, _ arena: Arena, shouldStop: () -> Bool
  ) throws(UserError) -> TaskResult {
    var rows: [Row] = []
    for (item, question) in items.enumerated() {
      for (choice, text) in question.choices.enumerated() {
        let context = text.context.isEmpty ? [endOfText] : text.context
        rows.append(
          Row(
            item: item, choice: choice, tokens: context + text.answer,
            answerStart: context.count))
      }
    }
    let longest = rows.reduce(0) { max($0, $1.tokens.count) }
    precondition(longest - 1 <= model.config.contextLength, "an item is longer than the context")
    rows.sort { $0.tokens.count < $1.tokens.count }

    var sums = items.map { Array(repeating: 0.0, count: $0.choices.count) }
    var start = 0
    while start < rows.count {
      if shouldStop() { throw UserError.evaluationStopped(name) }
      var end = start + 1
      let positions = min(rows[start].paddedPositions, model.config.contextLength)
      while end < rows.count, rows[end].paddedPositions == rows[start].paddedPositions,
        (end + 1 - start) * positions <= batchTokens
      { end += 1 }
      let batch = TokenBatch(rows[start..<end], positions: positions)
      var losses = [Float](repeating: 0, count: batch.count)
      model.tokenLosses(batch, weights, into: &losses, arena)
      for (b, row) in rows[start..<end].enumerated() {
        var sum = 0.0
        for t in row.answerStart - 1..<row.tokens.count - 1 {
          sum -= Double(losses[b * batch.positions + t])
        }
        sums[row.item][row.choice] = sum
      }
      start = end
    }
    let scores = zip(items, sums).map { ItemScore($0, rule: rule, logProbabilities: $1) }
    return TaskResult(task: name, chance: chance, items: scores)
  }
}

/// One choice as a sequence: the tokens from `answerStart` on are scored.
private struct Row {
  let item: Int
  let choice: Int
  let tokens: [Int32]
  let answerStart: Int

  /// A multiple of 16, so that rows of similar length go together.
  var paddedPositions: Int { (tokens.count - 1 + 15) / 16 * 16 }
}

extension TokenBatch {
  /// The rows, padded on the right.
  fileprivate init(_ rows: ArraySlice<Row>, positions: Int) {
    self.init(sequences: rows.count, positions: positions)
    for (b, row) in rows.enumerated() {
      for t in 0..<row.tokens.count - 1 {
        inputs[b * positions + t] = row.tokens[t]
        if t + 1 >= row.answerStart { targets[b * positions + t] = row.tokens[t + 1] }
      }
    }
  }
}

extension UserError {
  /// What an evaluation throws when it is told to stop.
  static func evaluationStopped(_ what: String) -> UserError {
    UserError(
      .interrupted, "stopped while evaluating \(what)",
      fix: "run the same command again; the evaluation starts over, training does not")
  }
}
