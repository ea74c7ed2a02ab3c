import Experiment
import Kernels
import Model

extension MultipleChoiceTask {
  /// The log-probabilities of every choice under a model.
  ///
  /// What the choices of an item have in common at their beginning goes through the model once.
  /// Nothing is padded, and the bits of a result depend neither on the batch nor on the workers.
  ///
  /// - Parameters:
  ///   - endOfText: what stands in for an empty context
  ///   - batchTokens: about how many tokens go through the model at once
  ///   - workers: threads
  ///   - shouldStop: polled between batches
  /// - Throws: `UserError` of kind `interrupted` when `shouldStop` says so.
  public func score(
    _ model: any LanguageModel, _ weights: ParameterBuffer, endOfText: Int32,
    batchTokens: Int = 1024, workers: Int = 1, shouldStop: @Sendable () -> Bool = { false }
  ) throws(UserError) -> TaskResult {
    let trees = items.map { $0.tree(endOfText: endOfText) }
    precondition(
      trees.allSatisfy { $0.longest <= model.config.contextLength },
      "an item is longer than the context")
    let batches = batches(of: trees.map(\.count), atMost: batchTokens)
    let scores = try concurrently(
      batches.count, workers: workers, evaluating: name, shouldStop: shouldStop
    ) { index, arena in
      let batch = batches[index]
      var scores = model.scores(trees[batch], weights, arena)[...]
      return items[batch].map { item in
        let choices = item.choices.map { choice in
          let tokens = scores.prefix(choice.answer.count)
          scores = scores.dropFirst(choice.answer.count)
          return ChoiceScore(
            logProbability: -tokens.reduce(0) { $0 + Double($1.loss) },
            isLikeliest: tokens.allSatisfy(\.isLikeliest))
        }
        return ItemScore(item, rule: rule, choices)
      }
    }
    return TaskResult(task: name, rule: rule, chance: chance, items: scores.flatMap { $0 })
  }
}

/// Consecutive ranges whose sizes sum to at most `limit`, or of one element.
private func batches(of sizes: [Int], atMost limit: Int) -> [Range<Int>] {
  var ranges: [Range<Int>] = []
  var (start, sum) = (0, 0)
  for (i, size) in sizes.enumerated() {
    if i > start, sum + size > limit {
      ranges.append(start..<i)
      (start, sum) = (i, 0)
    }
    sum += size
  }
  if start < sizes.count { ranges.append(start..<sizes.count) }
  return ranges
}

extension MultipleChoiceTask.Item {
  /// The choices as branches after what all of them begin with.
  fileprivate func tree(endOfText: Int32) -> TextTree {
    let contexts = choices.map { $0.context.isEmpty ? [endOfText] : $0.context }
    let texts = zip(contexts, choices).map { $0 + $1.answer }
    // A branch has at least the token before its answer. One text alone shares nothing.
    let limit = choices.count == 1 ? 0 : contexts.reduce(Int.max) { min($0, $1.count - 1) }
    let shared = (0..<limit).first { i in texts.contains { $0[i] != texts[0][i] } } ?? limit
    return TextTree(
      stem: Array(texts[0][..<shared]),
      branches: zip(contexts, texts).map { context, text in
        TextTree.Branch(
          inputs: Array(text[shared..<text.count - 1]),
          targets: (shared + 1..<text.count).map { $0 < context.count ? -1 : text[$0] })
      })
  }
}
