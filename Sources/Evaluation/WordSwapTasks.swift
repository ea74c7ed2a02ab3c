import Experiment

/// Pairs of words of which the wrong one replaces the right one.
struct WordSwap {
  /// What is scored.
  enum Scored {
    /// The next word after either: the same tokens, so that the swapped words' own frequency does
    /// not enter.
    case following
    /// The swapped word and the next one, after the same context.
    case wordAndFollowing
    /// The word and the next one, after the word before it with and without its final s: the same
    /// tokens again.
    case afterOtherNumber
  }

  /// Words 2k and 2k + 1 are a pair; as many items have the one as the other.
  let words: [String]
  let scored: Scored

  /// The words that items can be about: where the words of a pair are scored, they must have as many
  /// tokens.
  func directions(_ pool: TaskPool) -> [Int] {
    words.indices.filter {
      scored != .wordAndFollowing
        || pool.tokens([words[$0]]).count == pool.tokens([words[$0 ^ 1]]).count
    }
  }
}

extension GeneratedTask {
  /// An item about one of the swap's words in the passage, of a direction that `isWanted`.
  func wordSwapDraft(
    _ swap: WordSwap, _ passage: TaskPool.Passage, _ pool: TaskPool,
    _ random: inout RandomSource, isWanted: (Int) -> Bool
  ) -> Draft? {
    let places = passage.words.indices.dropFirst(2).dropLast().compactMap { at in
      swap.words.firstIndex(of: passage.words[at]).map { (at: at, direction: $0) }
    }
    let wanted = places.filter { isWanted($0.direction) }
    guard !wanted.isEmpty else { return nil }
    let (at, direction) = wanted[random.integer(below: wanted.count)]
    let words = passage.words
    let right = pool.tokens([words[at]])
    let wrong = pool.tokens([swap.words[direction ^ 1]])
    guard swap.scored != .wordAndFollowing || right.count == wrong.count else { return nil }
    let following = pool.tokens([words[at + 1]])
    let choices: [MultipleChoiceTask.Choice]
    switch swap.scored {
    case .following, .wordAndFollowing:
      let left = pool.room - max(right.count, wrong.count) - following.count
      let context = left > 0 ? pool.context(passage, before: at, limit: left) : []
      guard !context.isEmpty else { return nil }
      choices =
        swap.scored == .following
        ? [pool.choice(context + right, following), pool.choice(context + wrong, following)]
        : [pool.choice(context, right + following), pool.choice(context, wrong + following)]
    case .afterOtherNumber:
      guard let other = otherNumber(words[at - 1]) else { return nil }
      let subjects = [pool.tokens([words[at - 1]]), pool.tokens([other])]
      let answer = right + following
      let left = pool.room - answer.count - max(subjects[0].count, subjects[1].count)
      let context = left > 0 ? pool.context(passage, before: at - 1, limit: left) : []
      guard !context.isEmpty else { return nil }
      choices = subjects.map { pool.choice(context + $0, answer) }
    }
    return Draft(choices: choices, direction: direction)
  }
}

/// A noun with an s more or less; nil for what is no plain noun.
private func otherNumber(_ word: String) -> String? {
  let letters = word.utf8
  let others: Set<String> = [
    "that", "this", "there", "these", "those", "they", "what", "which", "always", "also", "thus",
  ]
  guard letters.count >= 4, letters.allSatisfy({ (97...122).contains($0) }), !others.contains(word),
    !word.hasSuffix("ss"), !word.hasSuffix("us"), !word.hasSuffix("is"), !word.hasSuffix("ies")
  else { return nil }
  return word.hasSuffix("s") ? String(word.dropLast()) : word + "s"
}
