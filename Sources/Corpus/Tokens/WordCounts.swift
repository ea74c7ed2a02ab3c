/// How often each distinct piece of text occurs, in order of first sight: a hash table whose keys
/// lie end to end in one array.
struct WordCounts {
  private(set) var bytes: [UInt8] = []
  /// Where each word ends in `bytes`; it starts where the one before ends.
  private(set) var ends: [Int] = []
  private(set) var counts: [Int] = []
  private var hashes: [UInt64] = []
  private var slots = [Int32](repeating: -1, count: 1 << 16)

  /// The number of distinct words.
  var count: Int { counts.count }

  /// The bytes of a word.
  func range(of word: Int) -> Range<Int> { (word == 0 ? 0 : ends[word - 1])..<ends[word] }

  /// Counts the word `text[range]` once more.
  mutating func add(_ text: Span<UInt8>, _ range: Range<Int>) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for position in range { hash = (hash ^ UInt64(text[position])) &* 0x0000_0100_0000_01b3 }
    var slot = WordCounts.slot(hash, slots.count)
    while slots[slot] >= 0 {
      let word = Int(slots[slot])
      if hashes[word] == hash, isEqual(word, text, range) {
        counts[word] += 1
        return
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(count)
    for position in range { bytes.append(text[position]) }
    ends.append(bytes.count)
    counts.append(1)
    hashes.append(hash)
    if count * 2 > slots.count { grow() }
  }

  private func isEqual(_ word: Int, _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let stored = self.range(of: word)
    guard stored.count == range.count else { return false }
    for offset in 0..<range.count
    where bytes[stored.lowerBound + offset] != text[range.lowerBound + offset] { return false }
    return true
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 2)
    for (word, hash) in hashes.enumerated() {
      var slot = WordCounts.slot(hash, slots.count)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(word)
    }
  }

  private static func slot(_ hash: UInt64, _ size: Int) -> Int {
    Int(truncatingIfNeeded: hash ^ hash >> 29) & (size - 1)
  }
}
