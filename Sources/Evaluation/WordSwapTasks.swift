import Experiment

/// Pairs of words of which the wrong one replaces the right one.
struct WordSwap {
  /// What is scored.
  enum Scored {
    /// The next word after either: the same tokens, so that the swapped words' own frequency and
    /// length do not enter.
    case following
    /// The swapped word and the next one, after the same context; the next one alone where the words
    /// of the pair are not of as many tokens.
    case wordAndFollowing
  }

  /// Words 2k and 2k + 1 are a pair; as many items have the one as the other.
  let words: [String]
  let scored: Scored
}

extension GeneratedTask {
  /// An item about one of the swap's words in the passage, of a direction that `isWanted`.
  func wordSwapDraft(
    _ swap: WordSwap, _ passage: TaskPool.Passage, _ pool: TaskPool,
    _ random: inout RandomSource, isWanted: (Int) -> Bool
  ) -> Draft? {
    let places = passage.words.indices.dropFirst().dropLast().compactMap { at in
      swap.words.firstIndex(of: passage.words[at]).map { (at: at, direction: $0) }
    }
    let wanted = places.filter { isWanted($0.direction) }
    guard !wanted.isEmpty else { return nil }
    let (at, direction) = wanted[random.integer(below: wanted.count)]
    let right = pool.tokens([passage.words[at]])
    let wrong = pool.tokens([swap.words[direction ^ 1]])
    let following = pool.tokens([passage.words[at + 1]])
    let left = pool.room - max(right.count, wrong.count) - following.count
    guard left > 0 else { return nil }
    let context = pool.context(passage, before: at, limit: left)
    guard !context.isEmpty else { return nil }
    let choices =
      swap.scored == .wordAndFollowing && right.count == wrong.count
      ? [pool.choice(context, right + following), pool.choice(context, wrong + following)]
      : [pool.choice(context + right, following), pool.choice(context + wrong, following)]
    return Draft(choices: choices, direction: direction)
  }
}
