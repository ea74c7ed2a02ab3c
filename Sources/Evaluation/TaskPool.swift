import Corpus
import Experiment

/// Held-out documents as passages of plain words: what tasks are made of.
struct TaskPool: Sendable {
  /// Consecutive plain words of one document, at least `minimumWords`, perhaps of many sentences.
  struct Passage: Sendable {
    let document: Int
    /// Words with the punctuation that follows them.
    let words: [String]
  }

  /// Shorter passages are not kept: they leave no room for a context and an answer.
  static let minimumWords = 5

  let passages: [Passage]
  /// The passages of each document.
  let passagesOfDocument: [Range<Int>]
  let tokenizer: Tokenizer
  /// The most tokens that the context and the answer of a choice have together.
  var room: Int

  /// The passages of `documents`, for items of at most `room` tokens.
  init(documents: [String], tokenizer: Tokenizer, room: Int) {
    var passages: [Passage] = []
    var ranges: [Range<Int>] = []
    for (document, text) in documents.enumerated() {
      let first = passages.count
      for words in plainRuns(of: text) where words.count >= Self.minimumWords {
        passages.append(Passage(document: document, words: words))
      }
      ranges.append(first..<passages.count)
    }
    self.passages = passages
    passagesOfDocument = ranges
    self.tokenizer = tokenizer
    self.room = room
  }

  /// Tokens of `words`, a space before each, as they are inside running text.
  func tokens(_ words: some Collection<String>) -> [Int32] {
    words.isEmpty ? [] : tokenizer.encode(" " + words.joined(separator: " "))
  }

  /// Exactly `count` tokens of the passage from word `start` on, nil when it has fewer.
  func span(_ passage: Passage, from start: Int, count: Int) -> [Int32]? {
    // A word is at least one token, so that many words are enough.
    let tokens = tokens(passage.words[start...].prefix(count))
    return tokens.count >= count ? Array(tokens[..<count]) : nil
  }

  /// The word after the last of which `span` has a token.
  func spanEnd(_ passage: Passage, from start: Int, count: Int) -> Int {
    var end = start
    var left = count
    while left > 0, end < passage.words.count {
      left -= tokens([passage.words[end]]).count
      end += 1
    }
    return end
  }

  /// The whole words right before word `end` that fit into `limit` tokens.
  func context(_ passage: Passage, before end: Int, limit: Int) -> [Int32] {
    tokens(passage.words[contextStart(passage, before: end, limit: limit)..<end])
  }

  /// The first of the words right before word `end` that fit into `limit` tokens together.
  func contextStart(_ passage: Passage, before end: Int, limit: Int) -> Int {
    var start = end
    var left = limit
    while start > 0 {
      left -= tokens([passage.words[start - 1]]).count
      guard left >= 0 else { break }
      start -= 1
    }
    return start
  }

  /// Exactly `count` tokens from a random word of a random passage that `isAllowed`.
  func randomSpan(
    count: Int, _ random: inout RandomSource, where isAllowed: (Passage) -> Bool
  ) -> [Int32]? {
    for _ in 0..<100 {
      let passage = passages[random.integer(below: passages.count)]
      guard isAllowed(passage) else { continue }
      let start = random.integer(below: passage.words.count)
      if let span = span(passage, from: start, count: count) { return span }
    }
    return nil
  }

  /// A choice; its bytes are those that the tokenizer says the answer has.
  func choice(_ context: [Int32], _ answer: [Int32]) -> MultipleChoiceTask.Choice {
    MultipleChoiceTask.Choice(
      context: context, answer: answer,
      answerBytes: answer.reduce(0) { $0 + tokenizer.byteCounts[Int($1)] })
  }
}

/// The longest runs of plain words in `text`, across sentences. A word is plain when it is made of
/// letters, hyphens and apostrophes, starts with a letter, and has at most one mark at its end.
private func plainRuns(of text: String) -> [[String]] {
  var runs: [[String]] = []
  var run: [String] = []
  for word in text.utf8.split(whereSeparator: { $0 <= UInt8(ascii: " ") }) {
    let hasMark = word.last.map { ",;.!?:".utf8.contains($0) } ?? false
    let core = hasMark ? word.dropLast() : word
    if let first = core.first, isLetter(first), core.allSatisfy({ isLetter($0) || isInner($0) }) {
      run.append(String(Substring(word)))
    } else if !run.isEmpty {
      runs.append(run)
      run = []
    }
  }
  if !run.isEmpty { runs.append(run) }
  return runs
}

/// ASCII letters, and every byte of a letter outside ASCII (and of a sign, which is rare in text).
private func isLetter(_ byte: UInt8) -> Bool {
  byte >= 0x80 || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
}

private func isInner(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: "'") || byte == UInt8(ascii: "-")
}
