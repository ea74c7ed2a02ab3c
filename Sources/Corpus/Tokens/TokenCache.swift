import Synchronization

/// The tokens of the pieces met lately: a direct-mapped table, so its size is fixed and text of
/// another kind soon replaces what it holds. Natural text hits it 19 times out of 20.
struct TokenCache: Sendable {
  /// Pieces of up to 15 bytes and 8 tokens; the others are merged anew each time.
  static let longestPiece = 15
  static let mostTokens = 8

  /// The bytes of a piece with their count in the last one: equal keys are equal pieces.
  struct Key: Equatable {
    var low: UInt64 = 0
    var high: UInt64 = 0

    @inline(__always)
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
      let middle = min(range.upperBound, range.lowerBound + 8)
      for position in (range.lowerBound..<middle).reversed() {
        low = low << 8 | UInt64(text[position])
      }
      for position in (middle..<range.upperBound).reversed() {
        high = high << 8 | UInt64(text[position])
      }
      high |= UInt64(range.count) << 56
    }

    @inline(__always)
    var slot: Int {
      let mixed = (low ^ (high &* 0x9e37_79b9_7f4a_7c15)) &* 0xff51_afd7_ed55_8ccd
      return Int(truncatingIfNeeded: mixed >> 48)
    }
  }

  private struct Entry {
    var low: UInt64 = 0
    var high: UInt64 = 0  // 0: empty, since a piece has at least one byte
    var tokens = SIMD8<UInt16>()
    var count = 0
  }

  private var entries = [Entry](repeating: Entry(), count: 1 << 16)

  /// Appends the tokens of the piece and returns true, if it is here.
  @inline(__always)
  func find(_ key: Key, appendingTo output: inout [Int32]) -> Bool {
    let entry = entries[key.slot]
    guard entry.low == key.low, entry.high == key.high else { return false }
    for index in 0..<entry.count { output.append(Int32(entry.tokens[index])) }
    return true
  }

  /// Remembers `tokens`, in the place of another piece.
  mutating func remember(_ key: Key, _ tokens: ArraySlice<Int32>) {
    guard tokens.count <= TokenCache.mostTokens else { return }
    var entry = Entry(low: key.low, high: key.high, count: tokens.count)
    for (index, token) in tokens.enumerated() {
      entry.tokens[index] = UInt16(truncatingIfNeeded: token)
    }
    entries[key.slot] = entry
  }
}

/// What an encoding thread works with.
struct EncodingScratch: Sendable {
  var cache = TokenCache()
  var words = WordEncoder()
}

/// Scratch space kept from one text to the next, one for each thread that encodes.
final class ScratchPool: Sendable {
  private let idle = Mutex<[EncodingScratch]>([])

  func take() -> EncodingScratch { idle.withLock { $0.popLast() } ?? EncodingScratch() }

  func giveBack(_ scratch: EncodingScratch) { idle.withLock { $0.append(scratch) } }
}
