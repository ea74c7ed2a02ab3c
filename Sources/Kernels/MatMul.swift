import COpenBLAS

// Three products make a linear layer y = x Wᵀ: y itself, dx = dy W and dW += dyᵀ x.

/// y = x wᵀ, or y += x wᵀ, with x [n, D], w [F, D], y [n, F].
@inline(never)
public func matmul(
  _ x: Matrix, transposed w: Matrix, into y: Matrix, accumulating: Bool = false
) {
  precondition(x.columns == w.columns && y.rows == x.rows && y.columns == w.rows)
  sgemm(x, false, w, true, y, depth: x.columns, accumulating)
}

/// y = x w, or y += x w, with x [n, F], w [F, D], y [n, D].
@inline(never)
public func matmul(_ x: Matrix, _ w: Matrix, into y: Matrix, accumulating: Bool = false) {
  precondition(x.columns == w.rows && y.rows == x.rows && y.columns == w.columns)
  sgemm(x, false, w, false, y, depth: x.columns, accumulating)
}

/// w += yᵀ x, with y [n, F], x [n, D], w [F, D].
@inline(never)
public func matmul(transposed y: Matrix, _ x: Matrix, addingTo w: Matrix) {
  precondition(y.rows == x.rows && w.rows == y.columns && w.columns == x.columns)
  sgemm(y, true, x, false, w, depth: x.rows, true)
}

private func sgemm(
  _ a: Matrix, _ transposeA: Bool, _ b: Matrix, _ transposeB: Bool, _ c: Matrix, depth: Int,
  _ accumulating: Bool
) {
  guard c.rows > 0, c.columns > 0 else { return }
  cblas_sgemm(
    CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
    blasint(c.rows), blasint(c.columns), blasint(depth), 1, a.base, blasint(a.stride), b.base,
    blasint(b.stride), accumulating ? 1 : 0, c.base, blasint(c.stride))
}
