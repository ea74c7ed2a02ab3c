import Foundation

extension VariableProjection.Optimum {
  /// The last digits of an optimum: all parameters move together, which the nested search cannot do.
  ///
  /// Squared objectives take Gauss–Newton steps. Huber's, whose curvature comes from the few
  /// residuals inside ±δ, takes the quasi-Newton steps of BFGS. Both keep the point they were given
  /// unless they find a lower one, and neither runs while a bound is active.
  func polished(_ samples: [Sample], _ objective: Objective) -> Self {
    let free = (0..<Law.columns).allSatisfy { coefficients[$0] > 0 }
    guard free, !atEdge, samples.count >= Law.parameterCount else { return self }
    let problem = JointProblem<Law>(samples: samples, objective: objective)
    var theta = (0..<Law.columns).map { coefficients[$0] }
    theta += Law.exponentRanges.indices.map { exponents[$0] }
    let end = objective == .huber ? problem.bfgs(from: theta) : problem.gaussNewton(from: theta)
    let reached = problem.value(end)
    guard reached <= value, end.prefix(Law.columns).allSatisfy({ $0 > 0 }) else { return self }
    var optimum = self
    (optimum.coefficients, optimum.exponents) = problem.split(end)
    optimum.value = reached
    return optimum
  }
}

/// The objective in coefficients and exponents at once.
private struct JointProblem<Law: SeparableLaw> {
  let samples: [Sample]
  let objective: Objective

  func split(_ theta: [Double]) -> (SIMD3<Double>, SIMD2<Double>) {
    let c = Law.columns
    return (
      SIMD3(theta[0], theta[1], c > 2 ? theta[2] : 0),
      SIMD2(theta[c], Law.exponentRanges.count > 1 ? theta[c + 1] : 0)
    )
  }

  /// Residuals, infinite where the law is not positive.
  func residuals(_ theta: [Double]) -> [Double] {
    let (coefficients, exponents) = split(theta)
    return samples.map {
      let f = (Law.row($0.x, exponents) * coefficients).sum()
      return f > 0 || !objective.isRelative
        ? objective.residual(measured: $0.y, predicted: f) : .infinity
    }
  }

  func value(_ theta: [Double]) -> Double {
    residuals(theta).reduce(0) { $0 + objective.penalty($1) }
  }

  /// The columns of ∂ŷ/∂θ.
  func jacobian(_ theta: [Double]) -> [[Double]] {
    let (coefficients, exponents) = split(theta)
    let rows = samples.map { gradient(Law.self, $0.x, exponents, coefficients, objective) }
    return theta.indices.map { j in rows.map { $0[j] } }
  }

  func gaussNewton(from start: [Double]) -> [Double] {
    var theta = start
    var best = value(theta)
    for _ in 0..<20 {
      let step = SingularValues(columns: jacobian(theta)).solve(residuals(theta))
      let next = zip(theta, step).map { $0 + $1 }
      let reached = value(next)
      // Rounding decides the last comparison: an equal value one step on is still the better root.
      guard reached <= best * (1 + 1e-13) + 1e-30 else { break }
      let moved = zip(step, theta).map { abs($0) / max(abs($1), 1e-12) }.max() ?? 0
      (theta, best) = (next, min(best, reached))
      if moved < 1e-14 { break }
    }
    return theta
  }

  /// BFGS with the inverse Hessian, in parameters scaled by the length of their Jacobian column.
  func bfgs(from start: [Double]) -> [Double] {
    let lengths = jacobian(start).map { max(dot($0, $0).squareRoot(), 1e-300) }
    let unit = 1 / Objective.huberDelta
    func unscaled(_ z: [Double]) -> [Double] { zip(z, lengths).map { $0 / $1 } }
    func height(_ z: [Double]) -> Double { value(unscaled(z)) * unit }
    func slope(_ z: [Double]) -> [Double] {
      let theta = unscaled(z)
      let weighted = residuals(theta).map { -objective.weight($0) * $0 * unit }
      return zip(jacobian(theta), lengths).map { dot($0, weighted) / $1 }
    }
    let p = start.count
    let identity = (0..<p).map { i in (0..<p).map { $0 == i ? 1.0 : 0 } }
    var z = zip(start, lengths).map { $0 * $1 }
    var h = height(z)
    var g = slope(z)
    var inverse = identity
    var isFresh = true
    for _ in 0..<2000 {
      var direction = inverse.map { -dot($0, g) }
      if dot(direction, g) >= 0 { (inverse, direction) = (identity, g.map { -$0 }) }
      var step = 1.0
      var next = z
      var reached = Double.infinity
      while step > 1e-16 {
        next = zip(z, direction).map { $0 + step * $1 }
        reached = height(next)
        if reached <= h + 1e-4 * step * dot(direction, g) { break }
        step /= 2
      }
      guard reached < h else {
        // A stale Hessian can point nowhere; the gradient gets one try before this is the end.
        if isFresh { break }
        (inverse, isFresh) = (identity, true)
        continue
      }
      let nextSlope = slope(next)
      let s = zip(next, z).map { $0 - $1 }
      let y = zip(nextSlope, g).map { $0 - $1 }
      (z, h, g) = (next, reached, nextSlope)
      let sy = dot(s, y)
      guard sy > 1e-300 else { continue }
      isFresh = false
      let hy = inverse.map { dot($0, y) }
      let factor = (1 + dot(y, hy) / sy) / sy
      for i in 0..<p {
        for j in 0..<p {
          inverse[i][j] += factor * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy
        }
      }
    }
    return unscaled(z)
  }
}
