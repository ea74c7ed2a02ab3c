// Three products make a linear layer y = x Wᵀ: y itself, dx = dy W and dW += dyᵀ x. All of them go
// through the register blocks of RegisterBlock.swift: on AVX2 they take 1/4 less time than OpenBLAS
// where little is summed over (depth 16), 1/20 less at 256 and about the same at 512 (Zen 5, one
// thread), on AVX-512 half of it. A step of a baseline build for x86-64 takes 1/8 more than with
// OpenBLAS's kernels without AVX, whose bits depend on the rows and columns that a worker has.

/// y = x wᵀ, with x [n, D], w [F, D], y [n, F].
@inline(never)
public func matmul(_ x: Matrix, transposed w: Matrix, into y: Matrix, _ arena: Arena) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.linear, since: clock) }
  product(x, transposed: w, into: y, arena)
}

/// y = x w, with x [n, F], w [F, D], y [n, D].
@inline(never)
public func matmul(_ x: Matrix, _ w: Matrix, into y: Matrix, _ arena: Arena) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.linear, since: clock) }
  product(x, w, into: y, arena)
}

/// w += yᵀ x, with y [n, F], x [n, D], w [F, D].
@inline(never)
public func matmul(transposed y: Matrix, _ x: Matrix, addingTo w: Matrix, _ arena: Arena) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.linear, since: clock) }
  product(transposed: y, x, addingTo: w, arena)
}

/// y = x wᵀ
func product(_ x: Matrix, transposed w: Matrix, into y: Matrix, _ arena: Arena) {
  precondition(x.columns == w.columns && y.rows == x.rows && y.columns == w.rows)
  multiply(
    x.base, aRow: x.stride, aColumn: 1, w, transposed: true, depth: x.columns, into: y,
    accumulating: false, arena)
}

/// y = x w
func product(_ x: Matrix, _ w: Matrix, into y: Matrix, _ arena: Arena) {
  precondition(x.columns == w.rows && y.rows == x.rows && y.columns == w.columns)
  multiply(
    x.base, aRow: x.stride, aColumn: 1, w, transposed: false, depth: x.columns, into: y,
    accumulating: false, arena)
}

/// w += yᵀ x
func product(transposed y: Matrix, _ x: Matrix, addingTo w: Matrix, _ arena: Arena) {
  precondition(y.rows == x.rows && w.rows == y.columns && w.columns == x.columns)
  multiply(
    y.base, aRow: 1, aColumn: y.stride, x, transposed: false, depth: x.rows, into: w,
    accumulating: true, arena)
}

/// c = a b or a bᵀ, or c += …, in parts of the depth of about the same size.
private func multiply(
  _ a: Floats, aRow: Int, aColumn: Int, _ b: Matrix, transposed: Bool, depth: Int, into c: Matrix,
  accumulating: Bool, _ arena: Arena
) {
  let mark = arena.mark
  defer { arena.rewind(to: mark) }
  let parts = max(1, (depth + packedDepth - 1) / packedDepth)
  let step = max(1, (depth + parts - 1) / parts)
  let isPlain = !transposed && b.stride <= plainColumns && c.columns.isMultiple(of: 8)
  let packed = arena.matrix(1, packedCount(depth: step, columns: min(c.columns, packedColumns)))
  var start = 0
  repeat {
    let range = start..<min(start + step, depth)
    for first in stride(from: 0, to: c.columns, by: packedColumns) {
      let columns = first..<min(first + packedColumns, c.columns)
      if !isPlain {
        pack(b, transposed: transposed, depth: range, columns: columns, into: packed.base)
      }
      multiplyPanels(
        rows: c.rows, columns: columns.count, depth: range.count, a + start * aColumn, aRow: aRow,
        aColumn: aColumn, isPlain ? b.pointer(row: start) + first : packed.base,
        bRow: isPlain ? b.stride : nil, into: c.base + first, cRow: c.stride,
        accumulating: accumulating || start > 0)
    }
    start = range.upperBound
  } while start < depth
}
