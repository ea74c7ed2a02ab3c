import Experiment

extension GeneratedTask {
  /// Words in their order, or shuffled, after the first word: the choices have the same tokens.
  func wordOrderDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    guard let (context, words) = opening(of: passage, pool, &random) else { return nil }
    let shuffled = words.shuffled(using: &random)
    return swapped(context, words, shuffled, pool)
  }

  /// Words in their order, or two neighbours swapped.
  func adjacentSwapDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    guard let (context, words) = opening(of: passage, pool, &random) else { return nil }
    var swappedWords = words
    let i = random.integer(below: words.count - 1)
    swappedWords.swapAt(i, i + 1)
    return swapped(context, words, swappedWords, pool)
  }

  /// A word spelt right, or with two neighbouring inner letters swapped. Only words whose wrong
  /// form has as many tokens are used.
  func letterSwapDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    let at = random.integer(below: passage.words.count)
    let word = passage.words[at]
    var letters = Array(word.utf8)
    guard letters.count >= 4, letters.allSatisfy({ $0 < 0x80 }) else { return nil }
    let i = 1 + random.integer(below: letters.count - 3)
    letters.swapAt(i, i + 1)
    let answer = pool.tokens([word])
    let wrong = pool.tokens([String(decoding: letters, as: UTF8.self)])
    guard answer != wrong, answer.count == wrong.count, answer.count < pool.room else { return nil }
    let context = pool.context(passage, before: at, limit: pool.room - answer.count)
    guard !context.isEmpty else { return nil }
    return Draft(choices: [pool.choice(context, answer), pool.choice(context, wrong)])
  }

  /// A word as context and the words after it in its sentence, as many as fit, at least three.
  private func opening(
    of passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> (context: [Int32], words: [String])? {
    let start = random.integer(below: passage.words.count - TaskPool.minimumWords + 1)
    let context = pool.tokens([passage.words[start]])
    guard !endsSentence(passage.words[start]) else { return nil }
    var words: [String] = []
    var left = pool.room - context.count
    for word in passage.words[(start + 1)...] {
      left -= pool.tokens([word]).count
      guard left >= 0 else { break }
      if endsSentence(word) {
        // A full stop inside the shuffled words would tell them at once.
        words.append(String(word.dropLast()))
        break
      }
      words.append(word)
    }
    return words.count >= 3 ? (context, words) : nil
  }

  /// The draft, nil when the two orders read the same or are cut into tokens differently.
  private func swapped(
    _ context: [Int32], _ words: [String], _ others: [String], _ pool: TaskPool
  ) -> Draft? {
    let answer = pool.tokens(words)
    let wrong = pool.tokens(others)
    guard answer != wrong, answer.count == wrong.count else { return nil }
    return Draft(choices: [pool.choice(context, answer), pool.choice(context, wrong)])
  }
}

private func endsSentence(_ word: String) -> Bool {
  word.utf8.last.map { ".!?:".utf8.contains($0) } ?? false
}
