/// Applies merges to one piece of text: always the pair of lowest rank, the leftmost of equals,
/// until none is left. A heap of candidates makes it n log n, since text without spaces is one
/// long piece.
struct WordEncoder: Sendable {
  private var symbols: [Int32] = []  // −1 where merged away
  private var next: [Int32] = []  // position of the following symbol; the length at the end
  private var previous: [Int32] = []
  private var heap = Heap<UInt64>()  // rank in the upper half, position in the lower

  /// Appends the tokens of `text[range]` to `output`.
  mutating func encode(
    _ text: Span<UInt8>, _ range: Range<Int>, _ merges: MergeTable, _ byteTokens: [Int32],
    into output: inout [Int32]
  ) {
    let length = Int32(range.count)
    symbols.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    previous.removeAll(keepingCapacity: true)
    for position in range { symbols.append(byteTokens[Int(text[position])]) }
    for position in 0..<length {
      next.append(position + 1)
      previous.append(position - 1)
    }
    for position in 0..<(length - 1) { push(position, merges) }

    while let top = heap.pop() {
      let position = Int(truncatingIfNeeded: UInt32(truncatingIfNeeded: top))
      let right = next[position]
      // A candidate is out of date when either side has changed since.
      guard symbols[position] >= 0, right < length else { continue }
      let rank = merges.rank(of: TokenPair(left: symbols[position], right: symbols[Int(right)]))
      guard rank >= 0, rank == Int32(truncatingIfNeeded: top >> 32) else { continue }
      symbols[position] = merges.results[Int(rank)]
      symbols[Int(right)] = -1
      let following = next[Int(right)]
      next[position] = following
      if following < length {
        previous[Int(following)] = Int32(position)
        push(Int32(position), merges)
      }
      if previous[position] >= 0 { push(previous[position], merges) }
    }

    var position: Int32 = 0
    while position < length {
      output.append(symbols[Int(position)])
      position = next[Int(position)]
    }
  }

  /// Makes the pair at `position` a candidate if it has a merge.
  @inline(__always)
  private mutating func push(_ position: Int32, _ merges: MergeTable) {
    let left = symbols[Int(position)]
    let right = symbols[Int(next[Int(position)])]
    let rank = merges.rank(of: TokenPair(left: left, right: right))
    if rank >= 0 { heap.push(UInt64(rank) << 32 | UInt64(position)) }
  }
}

/// The merges of a tokenizer: rank and result by pair.
struct MergeTable: Sendable {
  /// The token that each merge makes, by rank.
  private(set) var results: [Int32] = []
  /// What each merge joins, by rank.
  private(set) var pairs: [TokenPair] = []
  private var index = PairIndex()

  /// The rank of the merge of `pair`, −1 if there is none.
  @inline(__always)
  func rank(of pair: TokenPair) -> Int32 { index.find(pair) }

  /// Adds a merge with the next rank. Of two merges of one pair the later counts, as in the
  /// reference.
  mutating func append(_ pair: TokenPair, makes result: Int32) {
    index.set(pair, Int32(results.count))
    pairs.append(pair)
    results.append(result)
  }
}
