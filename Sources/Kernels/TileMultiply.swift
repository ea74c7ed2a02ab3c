// Small products for attention tiles, where a call of sgemm costs more than it computes: blocks of
// 4 × 16 or 8 × 8 outputs stay in registers while the depth is walked.

/// c[m, n] = Σₖ a(m, k) b[k, n], or c += …, with a(m, k) at `m * aRow + k * aColumn` (either way
/// round), rows of b and c `bRow` and `cRow` apart, and `columns` a multiple of 8.
@inline(__always)
func multiplyTile(
  rows: Int, columns: Int, depth: Int, _ a: Floats, aRow: Int, aColumn: Int, _ b: Floats,
  bRow: Int, into c: Floats, cRow: Int, accumulating: Bool
) {
  var n = 0
  while n + 16 <= columns {
    var m = 0
    while m + 4 <= rows {
      block4x16(
        depth, a + m * aRow, aRow, aColumn, b + n, bRow, c + m * cRow + n, cRow, accumulating)
      m += 4
    }
    while m < rows {
      block1x8(depth, a + m * aRow, aColumn, b + n, bRow, c + m * cRow + n, accumulating)
      block1x8(depth, a + m * aRow, aColumn, b + n + 8, bRow, c + m * cRow + n + 8, accumulating)
      m += 1
    }
    n += 16
  }
  if n < columns {
    var m = 0
    while m + 8 <= rows {
      block8x8(
        depth, a + m * aRow, aRow, aColumn, b + n, bRow, c + m * cRow + n, cRow, accumulating)
      m += 8
    }
    while m < rows {
      block1x8(depth, a + m * aRow, aColumn, b + n, bRow, c + m * cRow + n, accumulating)
      m += 1
    }
  }
}

@inline(__always)
private func block4x16(
  _ depth: Int, _ a: Floats, _ aRow: Int, _ aColumn: Int, _ b: Floats, _ bRow: Int, _ c: Floats,
  _ cRow: Int, _ accumulating: Bool
) {
  var c00 = Float8.zero, c01 = Float8.zero
  var c10 = Float8.zero, c11 = Float8.zero
  var c20 = Float8.zero, c21 = Float8.zero
  var c30 = Float8.zero, c31 = Float8.zero
  if accumulating {
    (c00, c01) = (c.vector(0), c.vector(8))
    (c10, c11) = (c.vector(cRow), c.vector(cRow + 8))
    (c20, c21) = (c.vector(2 * cRow), c.vector(2 * cRow + 8))
    (c30, c31) = (c.vector(3 * cRow), c.vector(3 * cRow + 8))
  }
  var (a, b) = (a, b)
  for _ in 0..<depth {
    let (b0, b1) = (b.vector(0), b.vector(8))
    let a0 = Float8(repeating: a[0])
    c00.addProduct(a0, b0)
    c01.addProduct(a0, b1)
    let a1 = Float8(repeating: a[aRow])
    c10.addProduct(a1, b0)
    c11.addProduct(a1, b1)
    let a2 = Float8(repeating: a[2 * aRow])
    c20.addProduct(a2, b0)
    c21.addProduct(a2, b1)
    let a3 = Float8(repeating: a[3 * aRow])
    c30.addProduct(a3, b0)
    c31.addProduct(a3, b1)
    a += aColumn
    b += bRow
  }
  c.store(c00, 0)
  c.store(c01, 8)
  c.store(c10, cRow)
  c.store(c11, cRow + 8)
  c.store(c20, 2 * cRow)
  c.store(c21, 2 * cRow + 8)
  c.store(c30, 3 * cRow)
  c.store(c31, 3 * cRow + 8)
}

@inline(__always)
private func block8x8(
  _ depth: Int, _ a: Floats, _ aRow: Int, _ aColumn: Int, _ b: Floats, _ bRow: Int, _ c: Floats,
  _ cRow: Int, _ accumulating: Bool
) {
  var c0 = Float8.zero, c1 = Float8.zero, c2 = Float8.zero, c3 = Float8.zero
  var c4 = Float8.zero, c5 = Float8.zero, c6 = Float8.zero, c7 = Float8.zero
  if accumulating {
    (c0, c1, c2, c3) = (
      c.vector(0), c.vector(cRow), c.vector(2 * cRow), c.vector(3 * cRow)
    )
    (c4, c5, c6, c7) = (
      c.vector(4 * cRow), c.vector(5 * cRow), c.vector(6 * cRow), c.vector(7 * cRow)
    )
  }
  var (a, b) = (a, b)
  for _ in 0..<depth {
    let v = b.vector(0)
    c0.addProduct(v, Float8(repeating: a[0]))
    c1.addProduct(v, Float8(repeating: a[aRow]))
    c2.addProduct(v, Float8(repeating: a[2 * aRow]))
    c3.addProduct(v, Float8(repeating: a[3 * aRow]))
    c4.addProduct(v, Float8(repeating: a[4 * aRow]))
    c5.addProduct(v, Float8(repeating: a[5 * aRow]))
    c6.addProduct(v, Float8(repeating: a[6 * aRow]))
    c7.addProduct(v, Float8(repeating: a[7 * aRow]))
    a += aColumn
    b += bRow
  }
  c.store(c0, 0)
  c.store(c1, cRow)
  c.store(c2, 2 * cRow)
  c.store(c3, 3 * cRow)
  c.store(c4, 4 * cRow)
  c.store(c5, 5 * cRow)
  c.store(c6, 6 * cRow)
  c.store(c7, 7 * cRow)
}

@inline(__always)
private func block1x8(
  _ depth: Int, _ a: Floats, _ aColumn: Int, _ b: Floats, _ bRow: Int, _ c: Floats,
  _ accumulating: Bool
) {
  var sum = accumulating ? c.vector(0) : .zero
  for k in 0..<depth { sum.addProduct(b.vector(k * bRow), Float8(repeating: a[k * aColumn])) }
  c.store(sum, 0)
}

/// c[k, m] = a[m, k]: an 8 × 8 block turned over, by three rounds of interleaving.
@inline(__always)
func transpose8x8(_ a: Floats, row aRow: Int, into c: Floats, row cRow: Int) {
  let (a0, a1, a2, a3) = (
    a.vector(0), a.vector(aRow), a.vector(2 * aRow), a.vector(3 * aRow)
  )
  let (a4, a5, a6, a7) = (
    a.vector(4 * aRow), a.vector(5 * aRow), a.vector(6 * aRow), a.vector(7 * aRow)
  )
  let (b0, b1) = interleave(a0, a4)
  let (b2, b3) = interleave(a1, a5)
  let (b4, b5) = interleave(a2, a6)
  let (b6, b7) = interleave(a3, a7)
  let (d0, d1) = interleave(b0, b4)
  let (d2, d3) = interleave(b1, b5)
  let (d4, d5) = interleave(b2, b6)
  let (d6, d7) = interleave(b3, b7)
  let (e0, e1) = interleave(d0, d4)
  let (e2, e3) = interleave(d1, d5)
  let (e4, e5) = interleave(d2, d6)
  let (e6, e7) = interleave(d3, d7)
  c.store(e0, 0)
  c.store(e1, cRow)
  c.store(e2, 2 * cRow)
  c.store(e3, 3 * cRow)
  c.store(e4, 4 * cRow)
  c.store(e5, 5 * cRow)
  c.store(e6, 6 * cRow)
  c.store(e7, 7 * cRow)
}

/// a₀ b₀ a₁ b₁ … in two vectors.
@inline(__always)
private func interleave(_ a: Float8, _ b: Float8) -> (Float8, Float8) {
  var low = Float8()
  low.evenHalf = a.lowHalf
  low.oddHalf = b.lowHalf
  var high = Float8()
  high.evenHalf = a.highHalf
  high.oddHalf = b.highHalf
  return (low, high)
}
