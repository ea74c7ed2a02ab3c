import Kernels
import Testing

/// Compares `analytic`, a gradient, with 4-point differences of `loss` at every element of `values`.
///
/// The tolerance is relative to the largest element of the gradient, or to `floor` if that is
/// smaller: a difference of losses in single precision is noise below it. (The bias of keys has no
/// gradient at all where nothing normalises or rotates them: it shifts all scores of a query alike.)
func checkGradient(
  of values: Matrix, _ analytic: [Float], named name: String, tolerance: Double,
  floor: Double = 0.1,
  step: Float = 2e-2, sourceLocation: SourceLocation = #_sourceLocation, loss: () -> Double
) {
  let scale = max(floor, Double(analytic.map(abs).max() ?? 0))
  var worst = (error: 0.0, index: 0, numeric: 0.0)
  for row in 0..<values.rows {
    for column in 0..<values.columns {
      let original = values[row, column]
      func at(_ steps: Float) -> Double {
        values[row, column] = original + steps * step
        return loss()
      }
      let numeric = (at(-2) - 8 * at(-1) + 8 * at(1) - at(2)) / (12 * Double(step))
      values[row, column] = original
      let index = row * values.columns + column
      let error = abs(numeric - Double(analytic[index])) / scale
      if !(error <= worst.error) { worst = (error, index, numeric) }
    }
  }
  #expect(
    worst.error <= tolerance,
    """
    \(name)[\(worst.index)]: \(analytic[worst.index]), by differences \(worst.numeric), \
    \(worst.error) of the largest
    """, sourceLocation: sourceLocation)
}

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

/// Σ a ⊙ b in Double: a scalar whose gradient in a is b.
func dot(_ a: Matrix, _ b: Matrix) -> Double {
  zip(a.values, b.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
