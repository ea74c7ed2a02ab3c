// Causal softmax attention (Vaswani et al. 2017) without the T × T matrix, after FlashAttention
// (Dao et al. 2022). Per head, with queries scaled by 1/√W, m = max S and l = Σ exp(S − m) over j ≤ i,
//   S = Q Kᵀ     P = exp(S − m) / l     O = P V
//   dV = Pᵀ dO     dP = dO Vᵀ     dS = P ⊙ (dP − rowsum(dO ⊙ O))     dQ = dS K     dK = dSᵀ Q
// A tile of queries meets only the keys up to its last one. S lies transposed, [keys, tile], so that
// eight queries make a vector: the softmax reduces over rows and needs no horizontal sums. Only the
// largest score m and 1/l, the inverse of the sum, are saved; P is computed again on the way back.

/// How the columns of a [B·T, (H + 2G)·W] matrix of queries, keys and values are to be read.
public struct AttentionShape: Sendable {
  /// B
  public let sequences: Int
  /// T
  public let positions: Int
  /// H
  public let heads: Int
  /// G: heads of keys and values, each serving H/G heads of queries.
  public let keyValueHeads: Int
  /// W
  public let headWidth: Int

  /// All fields, in order.
  public init(
    sequences: Int, positions: Int, heads: Int, keyValueHeads: Int, headWidth: Int
  ) {
    precondition(sequences > 0 && positions > 0 && headWidth > 0)
    precondition(keyValueHeads > 0 && heads.isMultiple(of: keyValueHeads))
    self.sequences = sequences
    self.positions = positions
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headWidth = headWidth
  }

  /// (H + 2G)·W: queries, keys and values side by side.
  public var columns: Int { (heads + 2 * keyValueHeads) * headWidth }
  /// B·T
  public var rows: Int { sequences * positions }
  /// B·G: groups of heads that share keys and values, sequence by sequence.
  public var groups: Int { sequences * keyValueHeads }

  /// W, filled up to whole vectors with zeros.
  var paddedWidth: Int { (headWidth + 7) / 8 * 8 }
  /// T, filled up to whole tiles with zeros.
  var paddedPositions: Int { (positions + tile - 1) / tile * tile }
  /// 1/√W
  var scale: Float { 1 / Float(headWidth).squareRoot() }

  /// The heads of queries that group `group` of keys and values serves.
  func queryHeads(of group: Int) -> Range<Int> {
    let each = heads / keyValueHeads
    return group * each..<(group + 1) * each
  }
  func queryColumn(_ head: Int) -> Int { head * headWidth }
  func keyColumn(_ group: Int) -> Int { (heads + group) * headWidth }
  func valueColumn(_ group: Int) -> Int { (heads + keyValueHeads + group) * headWidth }

  /// Stops where queries, keys and values, o or the statistics do not fit.
  func check(_ qkv: Matrix, _ groups: Range<Int>, _ o: Matrix, _ statistics: Matrix) {
    precondition(groups.lowerBound >= 0 && groups.upperBound <= self.groups)
    precondition(qkv.rows == rows && qkv.columns == columns)
    precondition(o.rows == rows && o.columns == heads * headWidth)
    precondition(statistics.rows == sequences * heads)
    precondition(statistics.columns == 2 * positions)
  }
}
