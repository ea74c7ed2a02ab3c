/// y += bias in every row, with y [n, F] and bias [1, F].
@inline(never)
public func addBias(_ bias: Matrix, to y: Matrix) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.residual, since: clock) }
  precondition(bias.rows == 1 && bias.columns == y.columns)
  let b = bias.base
  for row in 0..<y.rows {
    let y = y.pointer(row: row)
    for i in 0..<bias.columns { y[i] += b[i] }
  }
}

/// dBias [1, F] += the column sums of dy [n, F].
@inline(never)
public func biasBackward(_ dy: Matrix, addingTo dBias: Matrix) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.residual, since: clock) }
  precondition(dBias.rows == 1 && dBias.columns == dy.columns)
  let sum = dBias.base
  for row in 0..<dy.rows {
    let dy = dy.pointer(row: row)
    for i in 0..<dBias.columns { sum[i] += dy[i] }
  }
}
