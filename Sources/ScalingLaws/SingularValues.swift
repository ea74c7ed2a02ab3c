import Foundation

/// The thin singular value decomposition X = U·diag(σ)·Vᵀ of a tall matrix with a few columns, by
/// one-sided Jacobi rotations: it keeps the digits of small singular values, which the
/// eigenvalues of XᵀX do not.
struct SingularValues {
  /// σ, in the order of `right`.
  private(set) var values: [Double]
  /// U's columns times σ.
  private var scaledLeft: [[Double]]
  /// V's columns.
  private var right: [[Double]]

  /// Decomposes the matrix with these columns.
  init(columns: [[Double]]) {
    var u = columns
    let p = columns.count
    var v = (0..<p).map { i in (0..<p).map { $0 == i ? 1.0 : 0 } }
    for _ in 0..<60 {
      var turned = false
      for i in 0..<p {
        for j in i + 1..<p {
          let a = dot(u[i], u[i])
          let b = dot(u[j], u[j])
          let c = dot(u[i], u[j])
          guard abs(c) > 1e-15 * (a * b).squareRoot() else { continue }
          turned = true
          let ζ = (b - a) / (2 * c)
          let t = (ζ >= 0 ? 1 : -1) / (abs(ζ) + (1 + ζ * ζ).squareRoot())
          let cosine = 1 / (1 + t * t).squareRoot()
          let sine = cosine * t
          (u[i], u[j]) = turn(u[i], u[j], cosine, sine)
          (v[i], v[j]) = turn(v[i], v[j], cosine, sine)
        }
      }
      if !turned { break }
    }
    scaledLeft = u
    right = v
    values = u.map { dot($0, $0).squareRoot() }
  }

  /// The same with every column scaled to length 1 first; a column of zeros stays.
  init(scaled columns: [[Double]]) {
    self.init(
      columns: columns.map { column in
        let length = dot(column, column).squareRoot()
        return length > 0 ? column.map { $0 / length } : column
      })
  }

  /// σ_max/σ_min.
  var conditionNumber: Double {
    guard let high = values.max(), let low = values.min(), low > 0 else { return .infinity }
    return high / low
  }

  /// The shortest θ that minimises ‖Xθ − y‖.
  func solve(_ y: [Double]) -> [Double] {
    combine { dot(scaledLeft[$0], y) / (values[$0] * values[$0]) }
  }

  /// gᵀ(XᵀX)⁻¹g.
  func leverage(_ g: [Double]) -> Double {
    right.indices.reduce(0) { sum, i in
      guard isSafe(i) else { return dot(right[i], g) == 0 ? sum : .infinity }
      let z = dot(right[i], g) / values[i]
      return sum + z * z
    }
  }

  private func isSafe(_ i: Int) -> Bool { values[i] > 1e-14 * (values.max() ?? 0) }

  private func combine(_ weight: (Int) -> Double) -> [Double] {
    var theta = [Double](repeating: 0, count: right.count)
    for i in right.indices where isSafe(i) {
      let w = weight(i)
      for j in theta.indices { theta[j] += w * right[i][j] }
    }
    return theta
  }
}

/// Σ aᵢbᵢ.
func dot(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
}

private func turn(
  _ a: [Double], _ b: [Double], _ cosine: Double, _ sine: Double
) -> ([Double], [Double]) {
  (
    zip(a, b).map { cosine * $0 - sine * $1 }, zip(a, b).map { sine * $0 + cosine * $1 }
  )
}
