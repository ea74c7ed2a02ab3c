// Hendrycks & Gimpel 2016, in the tanh form of GPT-2. With u = √(2/π) (x + 0.044715 x³) and
// t = tanh u,
//   y = ½ x (1 + t)        dy/dx = ½ (1 + t) + ½ x (1 − t²) √(2/π) (1 + 3·0.044715 x²)

private let root: Float = 0.797_884_560_802_865_4  // √(2/π)
private let cubic: Float = 0.044_715

/// y = gelu(x), both [n, F].
@inline(never)
public func geluForward(_ x: Matrix, into y: Matrix) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.activation, since: clock) }
  precondition(x.rows == y.rows && x.columns == y.columns)
  let width = x.columns
  for row in 0..<x.rows {
    let (x, y) = (x.pointer(row: row), y.pointer(row: row))
    @inline(__always)
    func vector(_ i: Int, _ lanes: Int) {
      let v = x.vector(i, lanes)
      let t = tanh(root * v * (1 + cubic * v * v))
      y.store(0.5 * v * (1 + t), i, lanes)
    }
    forEachVector(width, vector)
  }
}

/// Writes dx [n, F], and y over dy, so that the forward pass need not keep it; dx may be x.
@inline(never)
public func geluBackward(_ dy: Matrix, _ x: Matrix, into dx: Matrix) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.activation, since: clock) }
  precondition(x.rows == dy.rows && x.columns == dy.columns)
  precondition(x.rows == dx.rows && x.columns == dx.columns)
  let width = x.columns
  for row in 0..<x.rows {
    let (dy, x, dx) = (dy.pointer(row: row), x.pointer(row: row), dx.pointer(row: row))
    @inline(__always)
    func vector(_ i: Int, _ lanes: Int) {
      let v = x.vector(i, lanes)
      let t = tanh(root * v * (1 + cubic * v * v))
      let inner = root * (1 + 3 * cubic * v * v)
      let share: Float8 = 0.5 * (1 + t)
      let change: Float8 = 0.5 * v * (1 - t * t)
      let slope = share + change * inner
      let d = dy.vector(i, lanes)
      dy.store(0.5 * v * (1 + t), i, lanes)
      dx.store(d * slope, i, lanes)
    }
    forEachVector(width, vector)
  }
}
