import Foundation

/// What a fit makes small.
public enum Objective: String, Codable, Sendable, CaseIterable {
  /// Σ (L̂ − L)²: the objective of Gadre et al., from any start their optimum
  case paper
  /// Σ (ln L̂ − ln L)²: noise in proportion to the loss; the default
  case log
  /// Σ Huber_δ(ln L̂ − ln L), δ = 10⁻³, summed (Hoffmann et al.): close to a median regression
  case huber

  /// δ of `huber`.
  public static let huberDelta = 1e-3

  /// Whether residuals are of ln L.
  public var isRelative: Bool { self != .paper }

  /// y − ŷ on the scale that the objective sees.
  func residual(measured: Double, predicted: Double) -> Double {
    isRelative ? Foundation.log(measured / predicted) : measured - predicted
  }

  /// The penalty of one residual.
  func penalty(_ r: Double) -> Double {
    let δ = Objective.huberDelta
    guard self == .huber, abs(r) > δ else { return self == .huber ? r * r / 2 : r * r }
    return δ * (abs(r) - δ / 2)
  }

  /// The weight that turns r² into the penalty's tangent parabola (up to a constant).
  func weight(_ r: Double) -> Double {
    self == .huber ? min(1, Objective.huberDelta / max(abs(r), 1e-300)) : 1
  }
}

/// A measured value at shifted coordinates.
struct Sample: Sendable {
  var x: SIMD2<Double>
  var y: Double
  /// How often it counts: its noise is 1/√weight that of others.
  var weight = 1.0
}

extension [Sample] {
  /// The same with coordinates shifted by their mean, and that.
  var centered: (samples: [Sample], center: SIMD2<Double>) {
    let center = reduce(SIMD2<Double>.zero) { $0 + $1.x } / Double(count)
    return (map { Sample(x: $0.x - center, y: $0.y, weight: $0.weight) }, center)
  }
}

/// The best coefficients for given exponents.
struct Projection {
  var coefficients: SIMD3<Double>
  /// The objective there.
  var value: Double
}

/// The inner problem of variable projection: coefficients ≥ 0 for fixed exponents.
///
/// `paper` is one linear problem. For `log`, ln ŷ is linearised at the last prediction f,
/// ln ŷ ≈ ln f + (ŷ − f)/f, which is again linear, and repeated until it stands still; `huber`
/// also carries each residual's weight along.
func project(
  rows: [SIMD3<Double>], samples: [Sample], objective: Objective, iterations: Int
) -> Projection {
  guard objective.isRelative else {
    var problem = NonNegativeLeastSquares()
    for (row, sample) in zip(rows, samples) {
      let weight = sample.weight.squareRoot()
      problem.add(row * weight, target: sample.y * weight)
    }
    let (theta, squares) = problem.solution()
    return Projection(coefficients: theta, value: squares)
  }
  var theta = SIMD3<Double>.zero
  var value = Double.infinity
  for iteration in 0..<iterations {
    var problem = NonNegativeLeastSquares()
    for (row, sample) in zip(rows, samples) {
      let f = iteration == 0 ? sample.y : (row * theta).sum()
      let r = iteration == 0 ? 0 : log(sample.y / f)
      let weight = (sample.weight * objective.weight(r)).squareRoot()
      problem.add(row * (weight / f), target: (1 + r) * weight)
    }
    let next = problem.solution().coefficients
    var penalty = 0.0
    for (row, sample) in zip(rows, samples) {
      let f = (row * next).sum()
      guard f > 0 else { return Projection(coefficients: next, value: .infinity) }
      penalty += sample.weight * objective.penalty(log(sample.y / f))
    }
    let converged = (next - theta).magnitude.max() <= 1e-13 * next.magnitude.max()
    // The linearisation can overshoot where residuals are large; the best point seen counts.
    if penalty <= value { (theta, value) = (next, penalty) } else { break }
    if converged { break }
  }
  return Projection(coefficients: theta, value: value)
}

/// The same, near enough to choose a grid point by and to start from: (ŷ − y)/y stands for ln(ŷ/y),
/// which costs no logarithm, and Huber's weights are found in three rounds.
func projectRoughly(
  rows: ArraySlice<SIMD3<Double>>, samples: [Sample], objective: Objective
) -> Projection {
  var theta = SIMD3<Double>.zero
  var value = Double.infinity
  for round in 0..<(objective == .huber ? 4 : 1) {
    var normal = NormalEquations()
    for (row, sample) in zip(rows, samples) {
      let scale = objective.isRelative ? 1 / sample.y : 1
      let weight = round == 0 ? 1 : objective.weight(((row * theta).sum() - sample.y) * scale)
      normal.add(row, target: sample.y, weight: sample.weight * weight * scale * scale)
    }
    (theta, value) = NonNegativeLeastSquares(normal).solution()
  }
  guard objective == .huber else { return Projection(coefficients: theta, value: value) }
  value = zip(rows, samples).reduce(0) {
    $0 + $1.1.weight * objective.penalty((($1.0 * theta).sum() - $1.1.y) / $1.1.y)
  }
  return Projection(coefficients: theta, value: value)
}

extension SIMD where Scalar == Double {
  var magnitude: Self {
    replacing(with: -self, where: self .< 0)
  }
}
