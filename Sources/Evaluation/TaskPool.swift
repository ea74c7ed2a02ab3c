import Corpus
import Experiment

/// Held-out documents as passages of plain words: what tasks are made of.
struct TaskPool: Sendable {
  /// Consecutive plain words of one document, at least `minimumWords`.
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
  let room: Int

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
    let end = min(passage.words.count, start + count)
    let tokens = tokens(passage.words[start..<end])
    return tokens.count >= count ? Array(tokens[..<count]) : nil
  }

  /// The whole words right before word `end` that fit into `limit` tokens.
  func context(_ passage: Passage, before end: Int, limit: Int) -> [Int32] {
    var context: [Int32] = []
    for word in passage.words[..<end].reversed() {
      let more = tokens([word])
      guard more.count + context.count <= limit else { break }
      context = more + context
    }
    return context
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

/// The longest runs of plain words in `text`. A word is plain when it is made of letters, inner
/// hyphens and apostrophes, and perhaps one `,` or `;` at its end; a run ends where a sentence does.
private func plainRuns(of text: String) -> [[String]] {
  var runs: [[String]] = []
  var run: [String] = []
  func end() {
    if !run.isEmpty { runs.append(run) }
    run = []
  }
  for word in text.utf8.split(whereSeparator: { $0 <= UInt8(ascii: " ") }) {
    let isClosed = ",;".utf8.contains(word[word.index(before: word.endIndex)])
    let isFinal = ".!?:".utf8.contains(word[word.index(before: word.endIndex)])
    let core = isClosed || isFinal ? word.dropLast() : word
    guard let first = core.first, isLetter(first),
      core.allSatisfy({ isLetter($0) || $0 == 39 || $0 == 45 })
    else {
      end()
      continue
    }
    run.append(String(Substring(isFinal ? core : word)))
    if isFinal { end() }
  }
  end()
  return runs
}

/// ASCII letters, and every byte of a letter outside ASCII (and of a sign, which is rare in text).
private func isLetter(_ byte: UInt8) -> Bool {
  byte >= 0x80 || (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
}
