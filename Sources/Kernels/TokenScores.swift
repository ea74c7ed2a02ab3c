/// What a model makes of the token that follows.
public struct TokenScore: Sendable, Equatable {
  /// −ln p(token), in nats.
  public let loss: Float
  /// Whether no token is likelier.
  public let isLikeliest: Bool

  /// All fields, in order.
  public init(loss: Float, isLikeliest: Bool) {
    self.loss = loss
    self.isLikeliest = isLikeliest
  }
}

/// logsumexp(z) − z_y of every row of logits z = h Eᵀ, and whether z_y is the largest.
///
/// - Parameters:
///   - hidden: h [n, D]
///   - table: E [V, D]
///   - targets: y [n], each a row of `table`
@inline(never)
public func tokenScores(
  _ hidden: Matrix, table: Matrix, targets: [Int32], _ arena: Arena
) -> [TokenScore] {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.head, since: clock) }
  precondition(targets.count == hidden.rows)
  let mark = arena.mark
  defer { arena.rewind(to: mark) }
  let logits = logitChunk(hidden, table, arena)
  var scores: [TokenScore] = []
  scores.reserveCapacity(targets.count)
  for start in stride(from: 0, to: hidden.rows, by: logits.rows) {
    let rows = start..<min(start + logits.rows, hidden.rows)
    let z = logits[rows: 0..<rows.count]
    product(hidden[rows: rows], transposed: table, into: z, arena)
    for row in 0..<rows.count {
      let target = Int(targets[rows.lowerBound + row])
      precondition(target >= 0 && target < table.rows, "target outside the vocabulary")
      let p = z.pointer(row: row)
      let (top, logSum) = logSumExp(p, table.rows)
      scores.append(TokenScore(loss: logSum - p[target], isLikeliest: p[target] >= top))
    }
  }
  return scores
}

/// y[i] = x[rows[i]].
@inline(never)
public func gather(_ x: Matrix, rows: [Int], into y: Matrix) {
  precondition(y.rows == rows.count && y.columns == x.columns)
  for (i, row) in rows.enumerated() {
    precondition(row >= 0 && row < x.rows)
    y.pointer(row: i).update(from: x.pointer(row: row), count: x.columns)
  }
}
