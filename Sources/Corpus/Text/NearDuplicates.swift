/// Finds held-out paragraphs that share thirteen words in a row with training text.
///
/// It is the held-out paragraph that goes, not the training one: one stock phrase in a validation
/// set would else take every training document that has it, and training text is what a corpus is
/// short of. Words count in small letters with each run of digits as a 0; a paragraph of fewer than
/// thirteen words is left to exact de-duplication.
package struct NGramFilter {
  private static let length = 13
  private static let base: UInt64 = 0x9e37_79b9_7f4a_7c15
  /// base^length, what the oldest word weighs when the window moves on.
  private static let oldest = (0..<length).reduce(UInt64(1)) { power, _ in power &* base }

  /// Open addressing over all n-grams of the held-out text; 0 is a free slot.
  private var slots: [UInt64]
  private var isInTraining: [Bool]

  /// Indexes the held-out documents.
  package init(heldOut: [[TextDocument]]) {
    // A word and its blank are two bytes or more, so this is more than there are n-grams.
    let bound = heldOut.joined().reduce(16) { $0 + $1.byteCount / 2 }
    slots = Array(repeating: 0, count: 1 << (Int.bitWidth - bound.leadingZeroBitCount))
    isInTraining = []
    for document in heldOut.joined() {
      for paragraph in document.paragraphs {
        Self.forEachNGram(paragraph) { slots[slot(of: $0)] = $0 }
      }
    }
    isInTraining = Array(repeating: false, count: slots.count)
  }

  /// Notes which n-grams training text has.
  package mutating func see(training: [TextDocument]) {
    let pieces = concurrentPieces(training.count)
    let index = self
    let found = concurrentMap(pieces.count) { piece in
      var hits: Set<Int> = []
      for document in training[pieces[piece]] {
        for paragraph in document.paragraphs {
          Self.forEachNGram(paragraph) {
            let slot = index.slot(of: $0)
            if index.slots[slot] == $0 { hits.insert(slot) }
          }
        }
      }
      return hits
    }
    for slot in found.joined() { isInTraining[slot] = true }
  }

  /// `documents` without the paragraphs that share an n-gram with training text.
  package func clean(_ documents: [TextDocument]) -> [TextDocument] {
    filtered(documents) { isInTraining[slot(of: $0)] }
  }

  /// `documents`, which are training text, without the paragraphs that share an n-gram with held-out
  /// text.
  package func withoutHeldOut(_ documents: [TextDocument]) -> [TextDocument] {
    filtered(documents) { slots[slot(of: $0)] == $0 }
  }

  private func filtered(
    _ documents: [TextDocument], _ isBad: (UInt64) -> Bool
  ) -> [TextDocument] {
    documents.compactMap { document in
      var document = document
      let isClean = document.paragraphs.map { paragraph in
        var clean = true
        Self.forEachNGram(paragraph) { if isBad($0) { clean = false } }
        return clean
      }
      guard isClean.contains(false) else { return document }
      document.keep(isClean)
      return document.byteCount >= minimumDocumentBytes ? document : nil
    }
  }

  /// Where `hash` is, or the free slot where it would be.
  private func slot(of hash: UInt64) -> Int {
    var i = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[i] != 0, slots[i] != hash { i = (i + 1) & (slots.count - 1) }
    return i
  }

  /// Calls `body` with the hash of every thirteen words in a row: Σ word · base^(12 − position),
  /// rolled on by one word at a time.
  private static func forEachNGram(_ paragraph: Bytes, _ body: (UInt64) -> Void) {
    var window = Array(repeating: UInt64(0), count: length)
    var words = 0
    var rolling: UInt64 = 0
    func add(_ word: UInt64) {
      let place = words % length
      rolling = rolling &* base &+ word &- window[place] &* oldest
      window[place] = word
      words += 1
      if words >= length { body(max(1, mixed(rolling))) }
    }
    var hash: UInt64 = 0
    var previous: UInt8 = 32
    for byte in paragraph {
      let folded = byte.folded
      if folded == 32 {
        if previous != 32 { add(mixed(hash)) }
        hash = 0
      } else if folded != 48 || previous != 48 {
        hash = (hash &+ UInt64(folded)) &* 0x0000_0100_0000_01b3
      }
      previous = folded
    }
    if previous != 32 { add(mixed(hash)) }
  }
}
