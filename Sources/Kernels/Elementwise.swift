/// y = a + b, element by element; y may be a or b.
@inline(never)
public func add(_ a: Matrix, _ b: Matrix, into y: Matrix) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.residual, since: clock) }
  precondition(a.rows == b.rows && a.columns == b.columns)
  precondition(y.rows == a.rows && y.columns == a.columns)
  let columns = a.columns
  for row in 0..<a.rows {
    let (a, b, y) = (a.pointer(row: row), b.pointer(row: row), y.pointer(row: row))
    forEachVector(columns) { i, lanes in
      y.store(a.vector(i, lanes) + b.vector(i, lanes), i, lanes)
    }
  }
}

/// y = x.
@inline(never)
public func copy(_ x: Matrix, into y: Matrix) {
  precondition(x.rows == y.rows && x.columns == y.columns)
  for row in 0..<x.rows { y.pointer(row: row).update(from: x.pointer(row: row), count: x.columns) }
}
