/// min ‖Xθ − y‖² over θ ≥ 0 for up to three columns, exactly.
///
/// Rows come one at a time and are folded into a triangle by Givens rotations, so that nothing is
/// allocated and no normal equations lose digits. The optimum over θ ≥ 0 is the least-squares
/// solution of the columns that are not zero there; with three columns all seven subsets are tried.
struct NonNegativeLeastSquares {
  /// The triangle R, with Qᵀy in `w`.
  private var r0 = SIMD4<Double>.zero
  private var r1 = SIMD4<Double>.zero
  private var r2 = SIMD4<Double>.zero
  /// What no θ can remove.
  private var residual = 0.0

  init() {}

  /// The same problem from its normal equations: a third of the work, and half of the digits.
  init(_ normal: NormalEquations) {
    (r0, r1, r2) = (normal.m0, normal.m1, normal.m2)
    r0 = NonNegativeLeastSquares.scaled(r0, pivot: r0.x)
    r1 -= r0.y * r0
    r1 = NonNegativeLeastSquares.scaled(r1, pivot: r1.y)
    r2 -= r0.z * r0 + r1.z * r1
    r2 = NonNegativeLeastSquares.scaled(r2, pivot: r2.z)
    (r1.x, r2.x, r2.y) = (0, 0, 0)
    residual = max(0, normal.squares - r0.w * r0.w - r1.w * r1.w - r2.w * r2.w)
  }

  private static func scaled(_ row: SIMD4<Double>, pivot: Double) -> SIMD4<Double> {
    pivot > 0 ? row / pivot.squareRoot() : .zero
  }

  /// Adds the equation `row`·θ = `target`.
  mutating func add(_ row: SIMD3<Double>, target: Double) {
    add(SIMD4(row, target))
  }

  private mutating func add(_ equation: SIMD4<Double>) {
    var rest = equation
    rotate(&r0, &rest, 0)
    rotate(&r1, &rest, 1)
    rotate(&r2, &rest, 2)
    residual += rest.w * rest.w
  }

  /// Turns `rest[column]` to zero, into `kept`.
  private func rotate(
    _ kept: inout SIMD4<Double>, _ rest: inout SIMD4<Double>, _ column: Int
  ) {
    let (a, b) = (kept[column], rest[column])
    guard b != 0 else { return }
    let h = (a * a + b * b).squareRoot()
    let (c, s) = (a / h, b / h)
    (kept, rest) = (c * kept + s * rest, c * rest - s * kept)
  }

  /// θ ≥ 0 and ‖Xθ − y‖².
  func solution() -> (coefficients: SIMD3<Double>, squares: Double) {
    var best = (coefficients: SIMD3<Double>.zero, squares: Double.infinity)
    for subset in [7, 3, 5, 6, 1, 2, 4, 0] {
      let triangle = subset == 7 ? self : restricted(to: subset)
      guard let theta = triangle.backSubstituted(), theta.min() >= 0 else { continue }
      if triangle.residual < best.squares { best = (theta, triangle.residual) }
      if subset == 7 { break }
    }
    return best
  }

  /// The same problem with only the columns whose bit is set.
  private func restricted(to subset: Int) -> NonNegativeLeastSquares {
    let bits = SIMD4<Double>(
      subset & 1 == 0 ? 0 : 1, subset & 2 == 0 ? 0 : 1, subset & 4 == 0 ? 0 : 1, 1)
    var problem = NonNegativeLeastSquares()
    for row in [r0, r1, r2] { problem.add(row * bits) }
    problem.residual += residual
    return problem
  }

  /// R⁻¹·Qᵀy, with zero for a column of zeros; nil when columns are dependent.
  private func backSubstituted() -> SIMD3<Double>? {
    var theta = SIMD3<Double>.zero
    let size = (r0 * r0 + r1 * r1 + r2 * r2).squareRoot()
    for (column, row) in [(2, r2), (1, r1), (0, r0)] {
      guard size[column] > 0 else { continue }
      guard abs(row[column]) > 1e-13 * size[column] else { return nil }
      var sum = row.w
      for other in column + 1..<3 { sum -= row[other] * theta[other] }
      theta[column] = sum / row[column]
    }
    return theta
  }
}

/// XᵀX and Xᵀy of rows that come one at a time.
struct NormalEquations {
  fileprivate(set) var m0 = SIMD4<Double>.zero
  fileprivate(set) var m1 = SIMD4<Double>.zero
  fileprivate(set) var m2 = SIMD4<Double>.zero
  /// yᵀy.
  fileprivate(set) var squares = 0.0

  /// Adds the equation `row`·θ = `target`, both times √`weight`.
  mutating func add(_ row: SIMD3<Double>, target: Double, weight: Double) {
    let equation = SIMD4(row, target)
    let weighted = weight * equation
    m0 += row.x * weighted
    m1 += row.y * weighted
    m2 += row.z * weighted
    squares += target * weighted.w
  }
}
