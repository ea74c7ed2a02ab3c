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

  /// Words in their order, or two of them that are not neighbours swapped.
  func distantSwapDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    guard let (context, words) = opening(of: passage, pool, &random), words.count >= 4 else {
      return nil
    }
    let i = random.integer(below: words.count - 2)
    let j = i + 2 + random.integer(below: words.count - i - 2)
    var swappedWords = words
    swappedWords.swapAt(i, j)
    return swapped(context, words, swappedWords, pool)
  }

  /// Words with a comma where it stands, or after the word before or behind.
  func commaDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    let places = passage.words.indices.dropFirst(2).dropLast(2).filter {
      passage.words[$0].hasSuffix(",")
        && passage.words[$0 - 1...$0 + 1].allSatisfy { $0.hasSuffix(",") || !hasMark($0) }
    }
    guard !places.isEmpty else { return nil }
    let at = places[random.integer(below: places.count)]
    let wrongAt = random.integer(below: 2) == 0 ? at - 1 : at + 1
    guard !hasMark(passage.words[wrongAt]) else { return nil }
    let words = Array(passage.words[at - 1...at + 2])
    var others = words
    others[1].removeLast()
    others[wrongAt - at + 1] += ","
    let left = pool.room - max(pool.tokens(words).count, pool.tokens(others).count)
    let context = left > 0 ? pool.context(passage, before: at - 1, limit: left) : []
    guard !context.isEmpty else { return nil }
    return swapped(context, words, others, pool)
  }

  /// Two sentences, or parts of them that fit, in their order or the other way round.
  func sentenceOrderDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    let ends = passage.words.indices.filter { endsSentence(passage.words[$0]) }
    guard ends.count >= 3 else { return nil }
    let pick = random.integer(below: ends.count - 2)
    let first = Array(passage.words[(ends[pick] + 1)...ends[pick + 1]])
    let second = Array(passage.words[(ends[pick + 1] + 1)...ends[pick + 2]])
    let answer = pool.tokens(first + second)
    let left = pool.room - answer.count
    guard min(first.count, second.count) >= 3, left > 0 else { return nil }
    let context = pool.context(passage, before: ends[pick] + 1, limit: left)
    guard !context.isEmpty else { return nil }
    return swapped(context, first + second, second + first, pool)
  }

  /// The last word of a sentence, or one of three others of the passage with as many tokens.
  func lastWordDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    let ends = passage.words.indices.dropFirst(4).filter { endsSentence(passage.words[$0]) }
    guard !ends.isEmpty else { return nil }
    let end = ends[random.integer(below: ends.count)]
    let mark = passage.words[end].suffix(1)
    let answer = pool.tokens([passage.words[end]])
    var answers = [answer]
    for word in passage.words.shuffled(using: &random) where answers.count < 4 {
      let plain = hasMark(word) ? String(word.dropLast()) : word
      let other = pool.tokens([plain + mark])
      if other.count == answer.count, plain.utf8.count > 3, !answers.contains(other) {
        answers.append(other)
      }
    }
    guard answers.count == 4, pool.room > answer.count else { return nil }
    let context = pool.context(passage, before: end, limit: pool.room - answer.count)
    guard !context.isEmpty else { return nil }
    return Draft(choices: answers.map { pool.choice(context, $0) })
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

private func hasMark(_ word: String) -> Bool {
  word.utf8.last.map { ",;.!?:".utf8.contains($0) } ?? false
}
