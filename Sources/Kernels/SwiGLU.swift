// Shazeer 2020: h = silu(a) ⊙ b with silu(a) = a σ(a). Then
//   da = dh ⊙ b ⊙ σ(a) (1 + a (1 − σ(a)))        db = dh ⊙ silu(a)
// Gate and up come from one matmul and lie side by side: x = [a | b].

import WideKernels

/// h = silu(a) ⊙ b with x = [a | b] [n, 2F] and h [n, F].
@inline(never)
public func swiGLUForward(_ x: Matrix, into h: Matrix) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.activation, since: clock) }
  let width = h.columns
  precondition(x.columns == 2 * width && x.rows == h.rows)
  for row in 0..<x.rows {
    let (a, h) = (x.pointer(row: row), h.pointer(row: row))
    let b = a + width
    let done = CPU.hasWideVectors ? wideSwiGLU(a, b, into: h, width) : 0
    forEachVector(from: done, to: width) { i, lanes in
      let v = a.vector(i, lanes)
      h.store(v * sigmoid(v) * b.vector(i, lanes), i, lanes)
    }
  }
}

/// Writes dx = [da | db] [n, 2F] from dh [n, F], and h over dh, so that the forward pass need not keep
/// it; dx may be x.
@inline(never)
public func swiGLUBackward(_ dh: Matrix, _ x: Matrix, into dx: Matrix) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.activation, since: clock) }
  let width = dh.columns
  precondition(x.columns == 2 * width && dx.columns == 2 * width)
  precondition(x.rows == dh.rows && dx.rows == dh.rows)
  for row in 0..<x.rows {
    let (a, dh, da) = (x.pointer(row: row), dh.pointer(row: row), dx.pointer(row: row))
    let (b, db) = (a + width, da + width)
    @inline(__always)
    func vector(_ i: Int, _ lanes: Int) {
      let (v, d) = (a.vector(i, lanes), dh.vector(i, lanes))
      let s = sigmoid(v)
      let silu = v * s
      let slope = s.addingProduct(silu, 1 - s)
      let up = b.vector(i, lanes)
      da.store(d * up * slope, i, lanes)
      db.store(d * silu, i, lanes)
      dh.store(silu * up, i, lanes)
    }
    let done = CPU.hasWideVectors ? wideSwiGLUBackward(a, b, dh, into: da, db, width) : 0
    forEachVector(from: done, to: width, vector)
  }
}
