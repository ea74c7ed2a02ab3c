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
