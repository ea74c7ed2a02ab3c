/// y[n] = table[ids[n]], plus positions[n mod T] where positions are learned.
///
/// - Parameters:
///   - ids: token ids [B·T], each a row of `table`
///   - table: [V, D]
///   - positions: [≥ T, D]
///   - length: T
///   - y: [B·T, D]
@inline(never)
public func embeddingForward(
  _ ids: ArraySlice<Int32>, table: Matrix, positions: Matrix?, length: Int, into y: Matrix
) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.embedding, since: clock) }
  let width = table.columns
  precondition(y.rows == ids.count && y.columns == width && y.isContiguous)
  precondition(ids.count.isMultiple(of: length))
  if let positions { precondition(positions.rows >= length && positions.columns == width) }
  for (n, id) in ids.enumerated() {
    precondition(id >= 0 && id < table.rows, "token id outside the vocabulary")
    let (source, y) = (table.pointer(row: Int(id)), y.pointer(row: n))
    if let p = positions?.pointer(row: n % length) {
      for i in 0..<width { y[i] = source[i] + p[i] }
    } else {
      y.update(from: source, count: width)
    }
  }
}

/// dTable[ids[n]] += dy[n], and dPositions[n mod T] += dy[n], in order of n; dy is [B·T, D].
@inline(never)
public func embeddingBackward(
  _ dy: Matrix, ids: [Int32], addingTo dTable: Matrix, positions dPositions: Matrix?, length: Int
) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.embedding, since: clock) }
  let width = dTable.columns
  precondition(dy.rows == ids.count && dy.columns == width)
  if let dPositions { precondition(dPositions.rows >= length && dPositions.columns == width) }
  for (n, id) in ids.enumerated() {
    precondition(id >= 0 && id < dTable.rows, "token id outside the vocabulary")
    let (dy, sum) = (dy.pointer(row: n), dTable.pointer(row: Int(id)))
    for i in 0..<width { sum[i] += dy[i] }
    if let sum = dPositions?.pointer(row: n % length) {
      for i in 0..<width { sum[i] += dy[i] }
    }
  }
}
