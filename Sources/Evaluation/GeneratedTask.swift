import Experiment

/// A task that is made from a corpus's held-out documents, never from training text.
///
/// The items depend on the corpus, its tokenizer and the context length alone, so all runs of a
/// grid are asked the same. Where the answer is the same text after four different openings, its
/// own likelihood cancels: models of 10,000 parameters then show a slope that four different
/// answers after one opening hide (error .717 to .582 instead of .737 to .719 over the demo's
/// first sizes). To add a task: a case, its lines in `draft` and `directions` below, and a
/// function that drafts an item from a passage.
public enum GeneratedTask: String, CaseIterable, Sendable {
  /// Words in their order, or shuffled.
  case wordOrder
  /// Words in their order, or two neighbours swapped.
  case adjacentSwap
  /// Letters in their order, or two neighbours inside a word swapped.
  case letterSwap
  /// A word among its neighbours, or one of three others that are as long and as common.
  case wordInContext
  /// A word after the words before it, or after those of three other documents.
  case nextWord
  /// Text after its opening, or after those of three other documents.
  case continuation
  /// Text after its opening, or after three other stretches of the same document.
  case sameDocument
  /// Repeated words after their first occurrence, or after other words in its place.
  case induction
  /// The word after a or an, behind the right one and behind the wrong one.
  case article
  /// The word after this, these, that, those, behind the right one and behind the wrong one.
  case demonstrative
  /// A verb and the word after it, or the verb in the other number: is/are, was/were, has/have.
  case agreement
  /// A preposition, or another: of/in, to/by, on/at, with/from.
  case prepositionSwap
  /// A pronoun, or another: he/it, his/its, they/them, him/her.
  case pronounSwap
  /// The words after and/or, but/as, when/if, behind the right one and behind the wrong one.
  case conjunction
  /// Words in their order, or two that are not neighbours swapped.
  case distantSwap
  /// A comma after its word, or after a neighbour.
  case comma
  /// Two sentences in their order, or the other way round.
  case sentenceOrder
  /// The last word of a sentence, or one of three others of the same passage, as long.
  case lastWord

  /// How many kinds of items must be equally many: 1, or two per pair of words that are swapped.
  var directions: Int {
    switch self {
    case .article, .demonstrative, .agreement, .prepositionSwap, .pronounSwap, .conjunction:
      swap.words.count
    default: 1
    }
  }

  /// An item before its choices are put in random order.
  struct Draft {
    /// The right choice first.
    let choices: [MultipleChoiceTask.Choice]
    /// Below `directions`; 2k and 2k + 1 are the two directions of a pair.
    var direction = 0
  }

  private func draft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource,
    isWanted: (Int) -> Bool
  ) -> Draft? {
    switch self {
    case .wordOrder: wordOrderDraft(passage, pool, &random)
    case .adjacentSwap: adjacentSwapDraft(passage, pool, &random)
    case .letterSwap: letterSwapDraft(passage, pool, &random)
    case .wordInContext: wordInContextDraft(passage, pool, &random)
    case .nextWord: nextWordDraft(passage, pool, &random)
    case .continuation: continuationDraft(passage, pool, &random)
    case .sameDocument: sameDocumentDraft(passage, pool, &random)
    case .induction: inductionDraft(passage, pool, &random)
    case .distantSwap: distantSwapDraft(passage, pool, &random)
    case .comma: commaDraft(passage, pool, &random)
    case .sentenceOrder: sentenceOrderDraft(passage, pool, &random)
    case .lastWord: lastWordDraft(passage, pool, &random)
    case .article, .demonstrative, .agreement, .prepositionSwap, .pronounSwap, .conjunction:
      wordSwapDraft(swap, passage, pool, &random, isWanted: isWanted)
    }
  }

  /// The swaps of the minimal-pair tasks.
  private var swap: WordSwap {
    switch self {
    case .article: WordSwap(words: ["a", "an"], scored: .following)
    case .demonstrative: WordSwap(words: ["this", "these", "that", "those"], scored: .following)
    case .agreement:
      WordSwap(words: ["is", "are", "was", "were", "has", "have"], scored: .wordAndFollowing)
    case .pronounSwap:
      WordSwap(
        words: ["he", "it", "his", "its", "they", "them", "him", "her"], scored: .wordAndFollowing)
    case .conjunction:
      WordSwap(words: ["and", "or", "but", "as", "when", "if"], scored: .following)
    default:
      WordSwap(
        words: ["of", "in", "to", "by", "on", "at", "with", "from"], scored: .wordAndFollowing)
    }
  }

  /// Passes over the pool before a task gives up on more items.
  private static let passes = 8
  /// Fewer items measure nothing.
  private static let minimumItems = 20

  /// At most `count` items from `pool`, the same for the same `seed`, as the task `name`.
  ///
  /// - Throws: `UserError` of kind `badData` when the pool yields too few.
  func build(
    _ name: String, from pool: TaskPool, count: Int, seed: UInt64
  ) throws(UserError) -> MultipleChoiceTask {
    var random = RandomSource(seed: seed)
    let quota = count / directions
    var drafts: [[Draft]] = Array(repeating: [], count: directions)
    var seen: Set<[MultipleChoiceTask.Choice]> = []
    search: for _ in 0..<Self.passes {
      for index in pool.passages.indices.shuffled(using: &random) {
        if drafts.allSatisfy({ $0.count >= quota }) { break search }
        let draft = draft(
          pool.passages[index], pool, &random, isWanted: { drafts[$0].count < quota })
        guard let draft, seen.insert(draft.choices).inserted else { continue }
        drafts[draft.direction].append(draft)
      }
    }
    for pair in stride(from: 0, to: directions - 1, by: 2) {
      let equal = min(drafts[pair].count, drafts[pair + 1].count)
      drafts[pair].removeSubrange(equal...)
      drafts[pair + 1].removeSubrange(equal...)
    }
    let balanced = drafts.flatMap { $0 }
    guard balanced.count >= min(quota * directions, Self.minimumItems) else {
      throw UserError(
        .badData, "the held-out documents give only \(balanced.count) items for task \(name)",
        at: "tasks.jsonl", fix: "leave the task out, or give the corpus more text")
    }
    let items = balanced.enumerated().map { number, draft in
      let order = draft.choices.indices.shuffled(using: &random)
      return MultipleChoiceTask.Item(
        id: "\(name)-\(number)", choices: order.map { draft.choices[$0] },
        correct: order.firstIndex(of: 0) ?? 0)
    }
    // By sum, since the answers of an item have as many tokens.
    return MultipleChoiceTask(name: name, rule: .sum, items: items)
  }
}
