// Zhang & Sennrich 2019. With r = 1 / √(mean(x²) + ε) over the W elements of a group,
//   y = x r ⊙ g
//   dx = r (g ⊙ dy − x r² mean(g ⊙ dy ⊙ x))        dg = Σ dy ⊙ x r
// A row holds columns / W groups, each normalised by itself with the same gain: one for the
// residual stream, one per head where queries and keys are normalised per head.

/// y = x / rms(x) ⊙ gain, with x and y [n, groups·W] and gain [1, W]. Writes y and, for the way back,
/// r into `inverse` [n, groups].
@inline(never)
public func rmsNormForward(
  _ x: Matrix, gain: Matrix, epsilon: Float, into y: Matrix, inverse: Matrix
) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.norm, since: clock) }
  let width = gain.columns
  let groups = inverse.columns
  precondition(x.columns == groups * width && y.columns == x.columns)
  precondition(y.rows == x.rows && inverse.rows == x.rows)
  let g = gain.base
  for row in 0..<x.rows {
    let (xRow, yRow) = (x.pointer(row: row), y.pointer(row: row))
    for group in 0..<groups {
      let (x, y) = (xRow + group * width, yRow + group * width)
      var squares = Float8.zero
      forEachVector(width) { i, lanes in
        let v = x.vector(i, lanes)
        squares.addProduct(v, v)
      }
      let r = 1 / (sum(squares) / Float(width) + epsilon).squareRoot()
      inverse.pointer(row: row)[group] = r
      scale(x, r, g, into: y, width)
    }
  }
}

/// y = x r ⊙ gain, as `rmsNormForward` made it, with the r that it saved.
@inline(never)
public func rmsNormScale(_ x: Matrix, gain: Matrix, inverse: Matrix, into y: Matrix) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.norm, since: clock) }
  let width = gain.columns
  let groups = inverse.columns
  precondition(x.columns == groups * width && y.columns == x.columns)
  precondition(y.rows == x.rows && inverse.rows == x.rows)
  let g = gain.base
  for row in 0..<x.rows {
    let (xRow, yRow) = (x.pointer(row: row), y.pointer(row: row))
    for group in 0..<groups {
      let start = group * width
      scale(xRow + start, inverse.pointer(row: row)[group], g, into: yRow + start, width)
    }
  }
}

/// y = x r ⊙ g of one group.
@inline(__always)
private func scale(_ x: Floats, _ r: Float, _ g: Floats, into y: Floats, _ width: Int) {
  forEachVector(width) { i, lanes in
    y.store(x.vector(i, lanes) * r * g.vector(i, lanes), i, lanes)
  }
}

/// Writes dx [n, groups·W], or adds to it, and adds to dGain [1, W]. dx may be dy.
@inline(never)
public func rmsNormBackward(
  _ dy: Matrix, x: Matrix, gain: Matrix, inverse: Matrix, into dx: Matrix, accumulating: Bool,
  addingTo dGain: Matrix
) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.norm, since: clock) }
  let width = gain.columns
  let groups = inverse.columns
  precondition(x.columns == groups * width && dy.columns == x.columns && dx.columns == x.columns)
  precondition(dy.rows == x.rows && dx.rows == x.rows && inverse.rows == x.rows)
  precondition(dGain.columns == width)
  let (g, dGain) = (gain.base, dGain.base)
  for row in 0..<x.rows {
    let (dyRow, xRow, dxRow) = (dy.pointer(row: row), x.pointer(row: row), dx.pointer(row: row))
    for group in 0..<groups {
      let start = group * width
      let (dy, x, dx) = (dyRow + start, xRow + start, dxRow + start)
      let r = inverse.pointer(row: row)[group]
      var products = Float8.zero
      forEachVector(width) { i, lanes in
        let weighted = dy.vector(i, lanes) * g.vector(i, lanes)
        products.addProduct(weighted, x.vector(i, lanes))
      }
      let c = -r * r * r * sum(products) / Float(width)
      forEachVector(width) { i, lanes in
        let (dyi, xi) = (dy.vector(i, lanes), x.vector(i, lanes))
        let d = (xi * c).addingProduct(dyi * r, g.vector(i, lanes))
        dGain.store(dGain.vector(i, lanes).addingProduct(dyi, xi * r), i, lanes)
        dx.store(accumulating ? dx.vector(i, lanes) + d : d, i, lanes)
      }
    }
  }
}
