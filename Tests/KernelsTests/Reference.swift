import Foundation
import Kernels
import Testing

/// Numbers that look random and are the same on every run.
func noise(_ rows: Int, _ columns: Int, seed: Int, scale: Float = 1) -> Matrix {
  var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1
  return Matrix(
    rows: rows, columns: columns,
    (0..<rows * columns).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return scale * (Float(state >> 40) / Float(1 << 23) - 1)
    })
}

/// The elements of a matrix in Double, for scalar references.
func doubles(_ matrix: Matrix) -> [[Double]] {
  (0..<matrix.rows).map { row in (0..<matrix.columns).map { Double(matrix[row, $0]) } }
}

/// Expects `ours` to be within `tolerance` of `theirs`, relative to the largest element.
func expectClose(
  _ ours: [Double], _ theirs: [Double], within tolerance: Double = 1e-5, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(ours.count == theirs.count, sourceLocation: sourceLocation)
  let scale = theirs.map(abs).max() ?? 0
  let error = zip(ours, theirs).map { abs($0 - $1) }.max() ?? 0
  #expect(
    error <= tolerance * max(scale, 1e-30) && ours.allSatisfy(\.isFinite),
    "\(what): off by \(error / scale) of the largest", sourceLocation: sourceLocation)
}

/// a bᵀ in Double.
func product(_ a: [[Double]], transposed b: [[Double]]) -> [[Double]] {
  a.map { row in b.map { other in zip(row, other).reduce(0) { $0 + $1.0 * $1.1 } } }
}

/// Rows for columns.
func transpose(_ a: [[Double]]) -> [[Double]] {
  a[0].indices.map { column in a.map { $0[column] } }
}
