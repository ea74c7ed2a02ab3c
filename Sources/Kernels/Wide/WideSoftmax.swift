// The loops over exponentials of CrossEntropy.swift, SwiGLU.swift and the attention kernels, sixteen
// at a time. What two vectors of eight sum there, one of sixteen sums here, lane by lane.

/// Σ exp(z − max z) and max z; z itself becomes exp(z − max z) where it is `replacing`.
@inline(never)
public func wideExponentials(
  _ z: UnsafeMutablePointer<Float>, _ count: Int, replacing: Bool
) -> (top: Float, total: Float) {
  var largest = Float16s(repeating: -.greatestFiniteMagnitude)
  let whole = count / 16 * 16
  for i in stride(from: 0, to: whole, by: 16) { largest = larger(largest, z.wide(i)) }
  var top = -Float.greatestFiniteMagnitude
  for lane in 0..<16 where largest[lane] > top { top = largest[lane] }
  for i in whole..<count where z[i] > top { top = z[i] }
  var sums = Float16s.zero
  if replacing {
    for i in stride(from: 0, to: whole, by: 16) {
      let e = exp(z.wide(i) - top)
      z.store(e, i)
      sums += e
    }
  } else {
    for i in stride(from: 0, to: whole, by: 16) { sums += exp(z.wide(i) - top) }
  }
  var rest: Float = 0
  for i in whole..<count {
    let e = exp(Float16s(repeating: z[i] - top))[0]
    if replacing { z[i] = e }
    rest += e
  }
  let a = sums.lowHalf + sums.highHalf
  let b = a.lowHalf + a.highHalf
  let c = b.lowHalf + b.highHalf
  return (top, c[0] + c[1] + rest)
}

/// The queries from `start + offset` on that see key `j`.
@inline(__always)
private func sees(_ j: Int, from start: Int, _ offset: Int) -> SIMDMask<SIMD16<Int32>> {
  Float16s(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) .>= Float(j - start - offset)
}

/// S ← exp(S − m) for sixteen queries from `start + offset` on, whose scores are at s, rows `row`
/// apart: 0 where a query does not see the key. Stores m and 1/l of each query.
@inline(never)
public func wideSoftmaxColumns(
  _ s: UnsafeMutablePointer<Float>, row: Int, start: Int, offset: Int, seen: Int,
  top: UnsafeMutablePointer<Float>, inverse: UnsafeMutablePointer<Float>
) {
  let lowest = Float16s(repeating: -.greatestFiniteMagnitude)
  var m = lowest
  for j in 0..<start { m = larger(m, s.wide(j * row)) }
  for j in start..<seen {
    m = larger(m, lowest.replacing(with: s.wide(j * row), where: sees(j, from: start, offset)))
  }
  var l = Float16s.zero
  for j in 0..<start {
    let p = exp(s.wide(j * row) - m)
    s.store(p, j * row)
    l += p
  }
  for j in start..<seen {
    let p = Float16s.zero.replacing(
      with: exp(s.wide(j * row) - m), where: sees(j, from: start, offset))
    s.store(p, j * row)
    l += p
  }
  let first = start + offset
  let count = min(16, seen - first)
  top.store(m, first, count)
  inverse.store(1 / l, first, count)
}

/// S ← P = exp(S − m) / l and dP ← dS = P ⊙ (dP − dots) for sixteen queries from `start + offset` on,
/// whose columns are at s and dP, rows `row` apart: 0 where a query does not see the key.
@inline(never)
public func wideSoftmaxColumnsBackward(
  _ s: UnsafeMutablePointer<Float>, _ dP: UnsafeMutablePointer<Float>, row: Int, start: Int,
  offset: Int, seen: Int, top: UnsafeMutablePointer<Float>, inverse: UnsafeMutablePointer<Float>,
  dots: UnsafeMutablePointer<Float>
) {
  let first = start + offset
  let count = max(0, min(16, seen - first))  // beyond the last query 1/l = 0 makes everything 0
  let (m, scale) = (top.wide(first, count), inverse.wide(first, count))
  let dot = dots.wide(first)
  for j in 0..<start {
    let p = exp(s.wide(j * row) - m) * scale
    s.store(p, j * row)
    dP.store(p * (dP.wide(j * row) - dot), j * row)
  }
  for j in start..<seen {
    let p = Float16s.zero.replacing(
      with: exp(s.wide(j * row) - m) * scale, where: sees(j, from: start, offset))
    s.store(p, j * row)
    dP.store(p * (dP.wide(j * row) - dot), j * row)
  }
}

/// h = silu(a) ⊙ b for the whole vectors among `count`; returns how many elements that were.
@inline(never)
public func wideSwiGLU(
  _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
  into h: UnsafeMutablePointer<Float>, _ count: Int
) -> Int {
  let whole = count / 16 * 16
  for i in stride(from: 0, to: whole, by: 16) {
    let v = a.wide(i)
    h.store(v * (1 / (1 + exp(-v))) * b.wide(i), i)
  }
  return whole
}

/// da, db, and h over dh, as swiGLUBackward, for the whole vectors among `count`; returns how many
/// elements that were.
@inline(never)
public func wideSwiGLUBackward(
  _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
  _ dh: UnsafeMutablePointer<Float>, into da: UnsafeMutablePointer<Float>,
  _ db: UnsafeMutablePointer<Float>, _ count: Int
) -> Int {
  let whole = count / 16 * 16
  for i in stride(from: 0, to: whole, by: 16) {
    let (v, d) = (a.wide(i), dh.wide(i))
    let s = 1 / (1 + exp(-v))
    let silu = v * s
    let slope = s.addingProduct(silu, 1 - s)
    let up = b.wide(i)
    da.store(d * up * slope, i)
    db.store(d * silu, i)
    dh.store(silu * up, i)
  }
  return whole
}
