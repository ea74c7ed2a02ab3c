/// Seeds by purpose, derived from one number, so that no two uses share a stream.
public struct Seeds: Codable, Hashable, Sendable {
  /// Initial weights.
  public let weights: UInt64
  /// The order in which training sequences are drawn.
  public let dataOrder: UInt64
  /// Resampling of evaluation results.
  public let bootstrap: UInt64

  /// Derives every purpose from `base`.
  public init(base: UInt64) {
    weights = Seeds.derive(base, "weights")
    dataOrder = Seeds.derive(base, "dataOrder")
    bootstrap = Seeds.derive(base, "bootstrap")
  }

  /// A seed for `purpose`: the FNV-1a hash of its name mixed with `base`.
  public static func derive(_ base: UInt64, _ purpose: String) -> UInt64 {
    var source = RandomSource(seed: base ^ stableHash(purpose))
    return source.next()
  }
}

/// The 64-bit FNV-1a hash of the UTF-8 bytes of `text`; the same on every machine and run.
public func stableHash(_ text: String) -> UInt64 { stableHash(text.utf8) }

/// The 64-bit FNV-1a hash of `bytes`.
public func stableHash(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}

/// SplitMix64 (Steele, Lea & Flood 2014): a small, fast generator with a one-word state.
public struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Starts the stream that belongs to `seed`.
  public init(seed: UInt64) { state = seed }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A uniform number in [0, 1), with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A uniform integer in `0..<bound`, by multiplication (Lemire 2019, without rejection: the bias
  /// is below bound / 2⁶⁴).
  public mutating func integer(below bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}
