import Experiment

/// A permutation of `0..<count` by seed, computed one element at a time: no table to build, hold or
/// store, so that a run can start at any position of any epoch.
///
/// A Feistel network over the smallest even number of bits that holds `count`, walked until the
/// value falls inside (Black & Rogaway 2002).
struct IndexPermutation: Sendable {
  private let count: UInt64
  private let halfBits: UInt64
  private let keys: SIMD8<UInt64>

  init(count: Int, seed: UInt64, epoch: Int) {
    precondition(count > 0, "nothing to permute")
    self.count = UInt64(count)
    let bits = UInt64.bitWidth - (UInt64(count) - 1).leadingZeroBitCount
    halfBits = UInt64(max(1, (bits + 1) / 2))
    var source = RandomSource(seed: RandomSource.mix(seed, UInt64(epoch)))
    var keys = SIMD8<UInt64>()
    for round in 0..<8 { keys[round] = source.next() }
    self.keys = keys
  }

  /// Where `index` goes.
  subscript(index: Int) -> Int {
    precondition(index >= 0 && index < Int(count), "outside the permutation")
    var value = UInt64(index)
    repeat { value = encipher(value) } while value >= count
    return Int(value)
  }

  private func encipher(_ value: UInt64) -> UInt64 {
    let mask = (1 << halfBits) - 1 as UInt64
    var left = value >> halfBits
    var right = value & mask
    for round in 0..<8 {
      (left, right) = (right, left ^ RandomSource.mix(keys[round], right) & mask)
    }
    return left << halfBits | right
  }
}

extension RandomSource {
  /// 64 bits that depend on both numbers.
  fileprivate static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var source = RandomSource(seed: a ^ b &* 0xd6e8_feb8_6659_fd93)
    return source.next()
  }
}
