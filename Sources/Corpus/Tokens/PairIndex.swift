/// Two neighbouring tokens.
struct TokenPair: Hashable, Sendable {
  let left: Int32
  let right: Int32
}

/// A hash table from pairs of token ids (below 65,536) to numbers: open addressing with linear
/// probing, one word per entry, since a merge looks up two pairs for every one it joins.
struct PairIndex: Sendable {
  /// Pair in the upper half, number in the lower.
  private var slots = [UInt64](repeating: .max, count: 1 << 10)
  private(set) var count = 0

  /// The number of `pair`, −1 if it has none.
  @inline(__always)
  func find(_ pair: TokenPair) -> Int32 {
    let key = PairIndex.key(pair)
    var slot = PairIndex.hash(key) & (slots.count - 1)
    while true {
      let entry = slots[slot]
      if entry == .max { return -1 }
      if UInt32(truncatingIfNeeded: entry >> 32) == key {
        return Int32(truncatingIfNeeded: entry)
      }
      slot = (slot + 1) & (slots.count - 1)
    }
  }

  /// Sets the number (not negative) of `pair`.
  mutating func set(_ pair: TokenPair, _ number: Int32) {
    if count * 2 >= slots.count { grow() }
    insert(PairIndex.key(pair), UInt32(number))
  }

  private mutating func insert(_ key: UInt32, _ number: UInt32) {
    var slot = PairIndex.hash(key) & (slots.count - 1)
    while slots[slot] != .max, UInt32(truncatingIfNeeded: slots[slot] >> 32) != key {
      slot = (slot + 1) & (slots.count - 1)
    }
    if slots[slot] == .max { count += 1 }
    slots[slot] = UInt64(key) << 32 | UInt64(number)
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: .max, count: old.count * 2)
    count = 0
    for entry in old where entry != .max {
      insert(UInt32(truncatingIfNeeded: entry >> 32), UInt32(truncatingIfNeeded: entry))
    }
  }

  @inline(__always)
  private static func key(_ pair: TokenPair) -> UInt32 {
    UInt32(truncatingIfNeeded: pair.left) << 16 | UInt32(truncatingIfNeeded: pair.right)
  }

  @inline(__always)
  private static func hash(_ key: UInt32) -> Int {
    Int(truncatingIfNeeded: (UInt64(key) &* 0x9e37_79b9_7f4a_7c15) >> 32)
  }
}
