import Foundation

extension VariableProjection.Optimum {
  /// The last digits of an optimum: all parameters move together, which a search over the exponents
  /// with the coefficients nested in it cannot do.
  ///
  /// Squared objectives take Gauss–Newton steps. Huber's, whose curvature comes from the few
  /// residuals inside ±δ, takes the quasi-Newton steps of BFGS. A coefficient that is zero stays zero,
  /// if the objective wants it so. Nil where the steps end outside the bounds, or higher than they
  /// began: then this was no neighbourhood of an optimum.
  ///
  /// - Parameter holdsExponents: moves the coefficients alone
  func polished(
    _ samples: [Sample], _ objective: Objective, holdsExponents: Bool = false
  ) -> Self? {
    var problem = JointProblem<Law>(samples: samples, objective: objective)
    let start = Parameters(coefficients, exponents)
    problem.free(at: start, columns: Law.columns, exponents: holdsExponents ? 0 : 2)
    guard problem.freeCount > 0, samples.count >= problem.freeCount else { return nil }
    let end = objective == .huber ? problem.bfgs(from: start) : problem.gaussNewton(from: start)
    let reached = problem.value(end)
    guard reached <= problem.value(start), problem.isInside(end), problem.isStationary(end)
    else { return nil }
    var optimum = self
    (optimum.coefficients, optimum.exponents) = end.split
    optimum.value = reached
    return optimum
  }
}

/// Coefficients in lanes 0 to 2, exponents in 3 and 4, zeros above.
private typealias Parameters = SIMD8<Double>

extension SIMD8<Double> {
  fileprivate init(_ coefficients: SIMD3<Double>, _ exponents: SIMD2<Double>) {
    self.init(coefficients.x, coefficients.y, coefficients.z, exponents.x, exponents.y, 0, 0, 0)
  }
  fileprivate var split: (SIMD3<Double>, SIMD2<Double>) {
    (SIMD3(self[0], self[1], self[2]), SIMD2(self[3], self[4]))
  }
}

/// A symmetric matrix of five parameters.
private typealias Matrix5 = InlineArray<5, Parameters>

/// The objective in coefficients and exponents at once; nothing here allocates.
private struct JointProblem<Law: SeparableLaw> {
  let samples: [Sample]
  let objective: Objective
  /// 1 for the parameters that move, 0 for the others.
  private var moves = Parameters.zero

  init(samples: [Sample], objective: Objective) {
    self.samples = samples
    self.objective = objective
  }

  var freeCount: Int { Int(moves.sum()) }

  /// Frees the coefficients that are not zero, and the exponents that something depends on.
  mutating func free(at start: Parameters, columns: Int, exponents: Int) {
    moves = Parameters(repeating: 1)
    for lane in 0..<3 where lane >= columns || start[lane] <= 0 { moves[lane] = 0 }
    let count = min(exponents, Law.exponentRanges.count)
    for lane in 0..<2 where lane >= count { moves[3 + lane] = 0 }
    (moves[5], moves[6], moves[7]) = (0, 0, 0)
    let lengths = columnSquares(start)
    for lane in 3..<5 where lengths[lane] <= 0 { moves[lane] = 0 }
  }

  func isInside(_ θ: Parameters) -> Bool {
    for lane in 0..<Law.columns where moves[lane] > 0 && !(θ[lane] > 0) { return false }
    for (lane, range) in Law.exponentRanges.enumerated() where !range.contains(θ[3 + lane]) {
      return false
    }
    return true
  }

  /// Whether no zero coefficient would rather be positive.
  func isStationary(_ θ: Parameters) -> Bool {
    guard (0..<Law.columns).contains(where: { moves[$0] == 0 }) else { return true }
    var all = self
    for lane in 0..<Law.columns { all.moves[lane] = 1 }
    let slope = all.slope(θ)
    return (0..<Law.columns).allSatisfy { moves[$0] > 0 || slope[$0] >= 0 }
  }

  /// y − ŷ on the objective's scale, infinite where a relative law is not positive.
  private func residual(_ sample: Sample, _ c: SIMD3<Double>, _ e: SIMD2<Double>) -> Double {
    let f = (Law.row(sample.x, e) * c).sum()
    guard f > 0 || !objective.isRelative else { return .infinity }
    return objective.residual(measured: sample.y, predicted: f)
  }

  /// ∂ŷ/∂θ on the objective's scale, and y − ŷ.
  private func derivative(
    _ sample: Sample, _ c: SIMD3<Double>, _ e: SIMD2<Double>
  ) -> (Parameters, residual: Double) {
    let row = Law.row(sample.x, e)
    let f = (row * c).sum()
    let slopes = Parameters(row, Law.exponentDerivatives(sample.x, e, c))
    let scale = objective.isRelative ? 1 / f : 1
    return (scale * (moves * slopes), objective.residual(measured: sample.y, predicted: f))
  }

  private func columnSquares(_ θ: Parameters) -> Parameters {
    let (c, e) = θ.split
    return samples.reduce(into: .zero) { sum, sample in
      let (g, _) = derivative(sample, c, e)
      sum += sample.weight * g * g
    }
  }

  /// The objective without the tie of the exponents.
  private func plainValue(_ θ: Parameters) -> Double {
    let (c, e) = θ.split
    var sum = 0.0
    for sample in samples { sum += sample.weight * objective.penalty(residual(sample, c, e)) }
    return sum
  }

  private func tie(_ θ: Parameters) -> Double {
    tieFactor(Law.self, θ.split.1, samples: samples.count, objective)
  }

  func value(_ θ: Parameters) -> Double { plainValue(θ) * tie(θ) }

  /// ½·∂(objective)/∂θ for squares, ∂(objective)/∂θ for Huber.
  func slope(_ θ: Parameters) -> Parameters {
    let (c, e) = θ.split
    var slope = Parameters.zero
    for sample in samples {
      let (g, r) = derivative(sample, c, e)
      slope -= sample.weight * objective.weight(r) * r * g
    }
    guard let width = Law.exponentTie else { return slope }
    // ∇(S·T) = T·(∇S + S·∇ln T); a square's slope is halved, and Huber's tie weighs half.
    let off = log(e.x / e.y) / (width * width * Double(samples.count))
    let pull = plainValue(θ) * off
    slope += moves * Parameters(.zero, SIMD2(pull / e.x, -pull / e.y))
    return tie(θ) * slope
  }

  func gaussNewton(from start: Parameters) -> Parameters {
    var θ = start
    var best = value(θ)
    for _ in 0..<40 {
      let (c, e) = θ.split
      var hessian = Matrix5(repeating: .zero)
      var target = Parameters.zero
      var squares = 0.0
      func add(_ g: Parameters, _ r: Double) {
        for i in 0..<5 { hessian[i] += g[i] * g }
        target += r * g
      }
      for sample in samples {
        let (g, r) = derivative(sample, c, e)
        let root = sample.weight.squareRoot()
        add(root * g, root * r)
        squares += sample.weight * r * r
      }
      if let width = Law.exponentTie {
        // The tie is one more equation, ln α − ln β = 0, as precise against the others as it is wide.
        let scale = (squares / Double(samples.count)).squareRoot() / width
        let g = moves * Parameters(.zero, SIMD2(scale / e.x, -scale / e.y))
        add(g, -scale * log(e.x / e.y))
      }
      let step = solve(hessian, target)
      var length = 1.0
      var next = θ + step
      var reached = value(next)
      // Far from the optimum a full step can overshoot.
      while !(reached <= best * (1 + 1e-13) + 1e-30), length > 0.01 {
        length /= 2
        next = θ + length * step
        reached = value(next)
      }
      guard reached <= best * (1 + 1e-13) + 1e-30 else { break }
      let moved = (step / θ.magnitude.replacing(with: 1e-12, where: θ .== 0)).magnitude.max()
      (θ, best) = (next, min(best, reached))
      if moved < 1e-14 { break }
    }
    return θ
  }

  /// H⁻¹·y by Cholesky, with columns scaled to length 1; parameters that do not move stay.
  private func solve(_ hessian: Matrix5, _ y: Parameters) -> Parameters {
    var scale = Parameters.zero
    for i in 0..<5 where hessian[i][i] > 0 { scale[i] = 1 / hessian[i][i].squareRoot() }
    var lower = Matrix5(repeating: .zero)
    var z = Parameters.zero
    for i in 0..<5 where scale[i] > 0 {
      for j in 0...i where scale[j] > 0 {
        let known = (lower[i] * lower[j]).sum()
        let rest = hessian[i][j] * scale[i] * scale[j] - known
        lower[i][j] = i == j ? max(rest, 1e-15).squareRoot() : rest / lower[j][j]
      }
      z[i] = (y[i] * scale[i] - (lower[i] * z).sum()) / lower[i][i]
    }
    var θ = Parameters.zero
    for i in (0..<5).reversed() where scale[i] > 0 {
      var rest = z[i]
      for j in i + 1..<5 { rest -= lower[j][i] * θ[j] }
      θ[i] = rest / lower[i][i]
    }
    return scale * θ
  }

  /// BFGS with the inverse Hessian, in parameters scaled by the length of their Jacobian column.
  func bfgs(from start: Parameters) -> Parameters {
    let squares = columnSquares(start)
    let lengths = squares.replacing(with: 1, where: squares .<= 0).squareRoot()
    let unit = 1 / Objective.huberDelta
    func height(_ z: Parameters) -> Double { value(z / lengths) * unit }
    func slope(_ z: Parameters) -> Parameters { self.slope(z / lengths) * unit / lengths }
    var identity = Matrix5(repeating: .zero)
    for i in 0..<5 { identity[i][i] = 1 }
    var inverse = identity
    func times(_ v: Parameters) -> Parameters {
      var product = Parameters.zero
      for i in 0..<5 { product += v[i] * inverse[i] }
      return product
    }
    var z = start * lengths
    var h = height(z)
    var g = slope(z)
    var isFresh = true
    var still = 0
    for _ in 0..<2000 {
      var direction = -times(g)
      var descent = (direction * g).sum()
      if descent >= 0 {
        (inverse, direction) = (identity, -g)
        descent = (direction * g).sum()
      }
      var step = 1.0
      var next = z
      var reached = Double.infinity
      while step > 1e-16 {
        next = z + step * direction
        reached = height(next)
        if reached <= h + 1e-4 * step * descent { break }
        step /= 2
      }
      guard reached < h else {
        // A stale Hessian can point nowhere; the gradient gets one try before this is the end.
        if isFresh { break }
        (inverse, isFresh) = (identity, true)
        continue
      }
      still = h - reached <= 1e-15 * h ? still + 1 : 0
      let nextSlope = slope(next)
      let (s, y) = (next - z, nextSlope - g)
      (z, h, g) = (next, reached, nextSlope)
      if still == 3 { break }
      let sy = (s * y).sum()
      guard sy > 1e-300 else { continue }
      isFresh = false
      let hy = times(y)
      let factor = (1 + (y * hy).sum() / sy) / sy
      for i in 0..<5 { inverse[i] += (factor * s[i] - hy[i] / sy) * s - (s[i] / sy) * hy }
    }
    return z / lengths
  }
}
