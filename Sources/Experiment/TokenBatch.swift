/// B sequences of T tokens and the token that follows each.
public struct TokenBatch: Sendable, Equatable {
  /// B: how many sequences.
  public var sequences: Int
  /// T: how many positions each has.
  public var positions: Int
  /// Token ids [B·T].
  public var inputs: [Int32]
  /// The next token at each position [B·T]; −1 where the position is not to be scored.
  public var targets: [Int32]

  /// A batch of zeros with room for `sequences` × `positions`.
  public init(sequences: Int, positions: Int) {
    self.sequences = sequences
    self.positions = positions
    inputs = Array(repeating: 0, count: sequences * positions)
    targets = Array(repeating: -1, count: sequences * positions)
  }

  /// B·T.
  public var count: Int { sequences * positions }
}
