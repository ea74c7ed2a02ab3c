import Experiment

extension GeneratedTask {
  /// A word among its neighbours, or one of three words of as many tokens drawn from running text,
  /// so that how common a word is tells nothing.
  func wordInContextDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    let at = 1 + random.integer(below: passage.words.count - 2)
    let answer = pool.tokens([passage.words[at]])
    let following = pool.tokens(passage.words[(at + 1)...].prefix(3))
    let left = pool.room - answer.count - following.count
    guard left > 0 else { return nil }
    let context = pool.context(passage, before: at, limit: left)
    guard !context.isEmpty else { return nil }
    var answers = [answer]
    for _ in 0..<1000 where answers.count < 4 {
      let other = pool.passages[random.integer(below: pool.passages.count)]
      let word = pool.tokens([other.words[random.integer(below: other.words.count)]])
      if word.count == answer.count, !answers.contains(word) { answers.append(word) }
    }
    guard answers.count == 4 else { return nil }
    return Draft(choices: answers.map { pool.choice(context, $0 + following) })
  }

  /// A word after the words that it follows, or after words of three other documents.
  func nextWordDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    let at = 1 + random.integer(below: passage.words.count - 1)
    let answer = pool.tokens([passage.words[at]])
    return openings(of: passage, before: at, pool, &random, answer: answer)
  }

  /// A text after its opening, or after openings of three other documents.
  func continuationDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    let at = 1 + random.integer(below: passage.words.count - 1)
    guard let answer = pool.span(passage, from: at, count: pool.room / 2) else { return nil }
    return openings(of: passage, before: at, pool, &random, answer: answer)
  }

  /// A text after its opening, or after three other stretches of the same document.
  func sameDocumentDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    let at = 1 + random.integer(below: passage.words.count - 1)
    guard let answer = pool.span(passage, from: at, count: pool.room / 2) else { return nil }
    let limit = pool.room - answer.count
    let ownStart = pool.contextStart(passage, before: at, limit: limit)
    let own = ownStart..<pool.spanEnd(passage, from: at, count: answer.count)
    var contexts = [pool.tokens(passage.words[ownStart..<at])]
    let passages = pool.passagesOfDocument[passage.document]
    for _ in 0..<40 where contexts.count < 4 {
      let other = pool.passages[passages.lowerBound + random.integer(below: passages.count)]
      let end = 1 + random.integer(below: other.words.count - 1)
      let start = pool.contextStart(other, before: end, limit: limit)
      // An opening out of the question itself would be half right.
      guard other.words != passage.words || !own.overlaps(start..<end) else { continue }
      let context = pool.tokens(other.words[start..<end])
      if context.count >= limit / 2, !contexts.contains(context) { contexts.append(context) }
    }
    return sameAnswer(contexts, answer, pool, limit: limit)
  }

  /// words, filler, the first of the words again, and their rest; or the same with words of other
  /// documents in place of the rest at its first occurrence.
  func inductionDraft(
    _ passage: TaskPool.Passage, _ pool: TaskPool, _ random: inout RandomSource
  ) -> Draft? {
    let length = pool.room / 4
    let at = 1 + random.integer(below: passage.words.count - 1)
    guard let answer = pool.span(passage, from: at, count: length) else { return nil }
    let cue = pool.context(passage, before: at, limit: pool.room / 6)
    func otherSpan(_ count: Int) -> [Int32]? {
      pool.randomSpan(count: count, &random, where: { $0.document != passage.document })
    }
    guard let filler = otherSpan(pool.room - 2 * (cue.count + length)),
      let second = otherSpan(length), let third = otherSpan(length),
      let fourth = otherSpan(length)
    else { return nil }
    let contexts = [answer, second, third, fourth].map { cue + $0 + filler + cue }
    return sameAnswer(contexts, answer, pool, limit: 0)
  }

  /// `answer` after the words before it, or after words of other documents.
  private func openings(
    of passage: TaskPool.Passage, before at: Int, _ pool: TaskPool,
    _ random: inout RandomSource, answer: [Int32]
  ) -> Draft? {
    let limit = pool.room - answer.count
    var contexts = [pool.context(passage, before: at, limit: limit)]
    for _ in 0..<100 where contexts.count < 4 {
      let other = pool.passages[random.integer(below: pool.passages.count)]
      guard other.document != passage.document else { continue }
      let end = 1 + random.integer(below: other.words.count - 1)
      // The same text may follow there too: then that opening is not wrong.
      guard pool.span(other, from: end, count: answer.count) != answer else { continue }
      let context = pool.context(other, before: end, limit: limit)
      if context.count >= limit / 2 { contexts.append(context) }
    }
    return sameAnswer(contexts, answer, pool, limit: limit)
  }

  /// The four contexts before one answer; nil when one is short, since little tells little.
  private func sameAnswer(
    _ contexts: [[Int32]], _ answer: [Int32], _ pool: TaskPool, limit: Int
  ) -> Draft? {
    guard Set(contexts).count == 4, contexts.allSatisfy({ !$0.isEmpty && $0.count >= limit / 2 })
    else { return nil }
    return Draft(choices: contexts.map { pool.choice($0, answer) })
  }
}
