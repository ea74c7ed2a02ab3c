import Experiment

/// Makes bad input of good: the same bytes for the same number.
struct Mutator {
  private var random: RandomSource
  private static let words: [[UInt8]] = [
    "-1", "0", "1e308", "-9223372036854775808", "18446744073709551616", "null", "true", "NaN", "\"",
    "{", "[", "]", "}", ":", ",", "\n", "\\u0000", "\\ud800", "..", "/", "&a ", "*a", "<<: *a",
    "- ",
    "'", "|", "!!binary", "\u{feff}", "\u{0}", "\u{1F600}", "[[[[[[[[[[[[[[[[",
  ].map { Array($0.utf8) }

  init(_ number: UInt64) { random = RandomSource(seed: number) }

  /// `seed` with one to eight changes, at times together with `other`.
  mutating func mutate(_ seed: [UInt8], _ other: [UInt8]) -> [UInt8] {
    var bytes = seed
    for _ in 0...random.integer(below: 8) {
      let place = random.integer(below: bytes.count + 1)
      let end = min(bytes.count, place + 1 + random.integer(below: 1 << random.integer(below: 8)))
      switch random.integer(below: 9) {
      case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(random.integer(below: 8))
      case 1 where place < bytes.count:
        bytes[place] = [0, 1, 0x7f, 0x80, 0xff, 0x20][random.integer(below: 6)]
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4: bytes.removeSubrange(place...)
      case 5:
        bytes.insert(contentsOf: Self.words[random.integer(below: Self.words.count)], at: place)
      case 6:
        let from = random.integer(below: other.count + 1)
        let to = min(other.count, from + random.integer(below: 200))
        bytes.replaceSubrange(place..<end, with: other[from..<to])
      case 7: replaceNumber(&bytes, from: place)
      default:
        for index in place..<end { bytes[index] = UInt8(random.integer(below: 256)) }
      }
    }
    return bytes
  }

  /// Puts another number in the place of the next one.
  private mutating func replaceNumber(_ bytes: inout [UInt8], from place: Int) {
    func isDigit(_ byte: UInt8) -> Bool { 48...57 ~= byte }
    guard let start = bytes[place...].firstIndex(where: isDigit) else { return }
    let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
    bytes.replaceSubrange(start..<end, with: Self.words[random.integer(below: 5)])
  }
}
