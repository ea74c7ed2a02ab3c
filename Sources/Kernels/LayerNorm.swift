// Ba, Kiros & Hinton 2016. With μ = mean(x), r = 1 / √(mean((x − μ)²) + ε) and x̂ = (x − μ) r over
// the W elements of a group (see RMSNorm.swift for groups),
//   y = x̂ ⊙ g + b
//   dx = r (a − mean(a) − x̂ mean(a ⊙ x̂)), a = g ⊙ dy        dg = Σ dy ⊙ x̂        db = Σ dy

/// y = (x − mean) / std ⊙ gain + bias, with x and y [n, groups·W], gain and bias [1, W]. Writes y and,
/// for the way back, μ and r of each group into `statistics` [n, 2·groups].
@inline(never)
public func layerNormForward(
  _ x: Matrix, gain: Matrix, bias: Matrix?, epsilon: Float, into y: Matrix, statistics: Matrix
) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.norm, since: clock) }
  let width = gain.columns
  let groups = statistics.columns / 2
  precondition(x.columns == groups * width && y.columns == x.columns)
  precondition(y.rows == x.rows && statistics.rows == x.rows && statistics.columns == 2 * groups)
  if let bias { precondition(bias.columns == width) }
  let (g, b) = (gain.base, bias?.base)
  for row in 0..<x.rows {
    let (xRow, yRow) = (x.pointer(row: row), y.pointer(row: row))
    let saved = statistics.pointer(row: row)
    for group in 0..<groups {
      let (x, y) = (xRow + group * width, yRow + group * width)
      var total = Float8.zero
      forEachVector(width) { i, lanes in total += x.vector(i, lanes) }
      let mean = sum(total) / Float(width)
      var squares = Float8.zero
      forEachVector(width) { i, lanes in
        let centred = x.vector(i, lanes, rest: mean) - mean
        squares.addProduct(centred, centred)
      }
      let r = 1 / (sum(squares) / Float(width) + epsilon).squareRoot()
      (saved[2 * group], saved[2 * group + 1]) = (mean, r)
      scale(x, mean, r, g, b, into: y, width)
    }
  }
}

/// y = (x − μ) r ⊙ gain + bias, as `layerNormForward` made it, with the μ and r that it saved.
@inline(never)
public func layerNormScale(
  _ x: Matrix, gain: Matrix, bias: Matrix?, statistics: Matrix, into y: Matrix
) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.norm, since: clock) }
  let width = gain.columns
  let groups = statistics.columns / 2
  precondition(x.columns == groups * width && y.columns == x.columns)
  precondition(y.rows == x.rows && statistics.rows == x.rows)
  if let bias { precondition(bias.columns == width) }
  let (g, b) = (gain.base, bias?.base)
  for row in 0..<x.rows {
    let (xRow, yRow) = (x.pointer(row: row), y.pointer(row: row))
    let saved = statistics.pointer(row: row)
    for group in 0..<groups {
      let start = group * width
      let (mean, r) = (saved[2 * group], saved[2 * group + 1])
      scale(xRow + start, mean, r, g, b, into: yRow + start, width)
    }
  }
}

/// y = (x − μ) r ⊙ g + b of one group.
@inline(__always)
private func scale(
  _ x: Floats, _ mean: Float, _ r: Float, _ g: Floats, _ b: Floats?, into y: Floats, _ width: Int
) {
  forEachVector(width) { i, lanes in
    let normal = (x.vector(i, lanes) - mean) * r
    let offset = b.map { $0.vector(i, lanes) } ?? .zero
    y.store(offset.addingProduct(normal, g.vector(i, lanes)), i, lanes)
  }
}

/// Writes dx [n, groups·W], or adds to it, and adds to dGain and dBias [1, W]. dx may be dy.
@inline(never)
public func layerNormBackward(
  _ dy: Matrix, x: Matrix, gain: Matrix, statistics: Matrix, into dx: Matrix, accumulating: Bool,
  addingTo dGain: Matrix, _ dBias: Matrix?
) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.norm, since: clock) }
  let width = gain.columns
  let groups = statistics.columns / 2
  precondition(x.columns == groups * width && dy.columns == x.columns && dx.columns == x.columns)
  precondition(dy.rows == x.rows && dx.rows == x.rows && statistics.rows == x.rows)
  precondition(dGain.columns == width && (dBias?.columns ?? width) == width)
  let (g, dGain, dBias) = (gain.base, dGain.base, dBias?.base)
  for row in 0..<x.rows {
    let (dyRow, xRow, dxRow) = (dy.pointer(row: row), x.pointer(row: row), dx.pointer(row: row))
    let saved = statistics.pointer(row: row)
    for group in 0..<groups {
      let start = group * width
      let (dy, x, dx) = (dyRow + start, xRow + start, dxRow + start)
      let (mean, r) = (saved[2 * group], saved[2 * group + 1])
      var total = Float8.zero
      var products = Float8.zero
      forEachVector(width) { i, lanes in
        let a = dy.vector(i, lanes) * g.vector(i, lanes)
        total += a
        products.addProduct(a, (x.vector(i, lanes) - mean) * r)
      }
      let meanA = sum(total) / Float(width)
      let meanProduct = sum(products) / Float(width)
      forEachVector(width) { i, lanes in
        let dyi = dy.vector(i, lanes)
        let normal = (x.vector(i, lanes) - mean) * r
        let a = dyi * g.vector(i, lanes)
        let d = (a - meanA).addingProduct(normal, Float8(repeating: -meanProduct)) * r
        dGain.store(dGain.vector(i, lanes).addingProduct(dyi, normal), i, lanes)
        if let dBias { dBias.store(dBias.vector(i, lanes) + dyi, i, lanes) }
        dx.store(accumulating ? dx.vector(i, lanes) + d : d, i, lanes)
      }
    }
  }
}
