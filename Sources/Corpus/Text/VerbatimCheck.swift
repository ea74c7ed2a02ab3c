/// Measures how much held-out text is in training text, independently of `NGramFilter`: the share of
/// paragraphs whose middle 60 bytes occur there, byte for byte.
package struct VerbatimCheck {
  private static let length = 60
  private static let base: UInt64 = 0x9e37_79b9_7f4a_7c15
  private static let oldest = (0..<length).reduce(UInt64(1)) { power, _ in power &* base }

  /// Paragraphs by the hash of their middle.
  private var middles: [UInt64: [(set: Int, text: ArraySlice<UInt8>)]] = [:]
  /// One bit for the hash's upper 24 bits, to pass quickly over what is surely not wanted.
  private var bits = Array(repeating: UInt64(0), count: 1 << 18)
  private var counts: [Int]

  /// Takes the middles of the held-out sets; paragraphs of less than 60 bytes do not count.
  package init(heldOut sets: [[TextDocument]]) {
    counts = Array(repeating: 0, count: sets.count)
    for (set, documents) in sets.enumerated() {
      for paragraph in documents.lazy.flatMap(\.paragraphs) where paragraph.count >= Self.length {
        let start = (paragraph.count - Self.length) / 2
        let middle = paragraph[start..<(start + Self.length)]
        let hash = middle.reduce(UInt64(0)) { $0 &* Self.base &+ UInt64($1) }
        middles[hash, default: []].append((set, middle))
        bits[Int(hash >> 46)] |= 1 << (hash >> 40 & 63)
        counts[set] += 1
      }
    }
  }

  /// The share of each set's paragraphs that `training` has.
  package func shares(in training: [TextDocument]) -> [Double] {
    let pieces = concurrentPieces(training.count)
    let check = self
    let (length, base, oldest) = (Self.length, Self.base, Self.oldest)
    let found = concurrentMap(pieces.count) { piece in
      var hashes: Set<UInt64> = []
      for document in training[pieces[piece]] {
        let text = document.text
        var hash: UInt64 = 0
        for i in text.indices {
          hash = hash &* base &+ UInt64(text[i])
          if i >= length { hash = hash &- UInt64(text[i - length]) &* oldest }
          guard check.bits[Int(hash >> 46)] >> (hash >> 40 & 63) & 1 == 1,
            i + 1 >= length, let candidates = check.middles[hash]
          else { continue }
          let window = text[(i + 1 - length)...i]
          if candidates.contains(where: { $0.text.elementsEqual(window) }) { hashes.insert(hash) }
        }
      }
      return hashes
    }
    var hits = counts.map { _ in 0 }
    for hash in found.reduce(into: Set<UInt64>(), { $0.formUnion($1) }) {
      for middle in middles[hash] ?? [] { hits[middle.set] += 1 }
    }
    return zip(hits, counts).map { $1 == 0 ? 0 : Double($0) / Double($1) }
  }
}
