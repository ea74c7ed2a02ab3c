import Experiment
import Foundation

/// A separable law at its optimum, with what its residuals say of its precision.
struct FittedLaw<Law: SeparableLaw>: Sendable {
  let law: Law
  let objective: Objective
  /// The objective at the optimum.
  let value: Double
  /// n − p.
  let degreesOfFreedom: Int
  /// Σr² of plain residuals on the objective's scale, whatever the objective weighs.
  let residualSquares: Double
  /// Names of the coefficients that are held at zero, by column.
  let zeroColumns: [Int]
  let atGridEdge: Bool
  let minima: Int
  /// Of the Jacobian with columns scaled to length 1.
  let conditionNumber: Double

  private let samples: [Sample]
  private let grid: ExponentGrid<Law>
  private let center: SIMD2<Double>
  private let exponents: SIMD2<Double>
  private let coefficients: SIMD3<Double>
  private let jacobian: SingularValues

  /// The law that fits `values` at `coordinates` best.
  init(coordinates: [SIMD2<Double>], values: [Double], objective: Objective) {
    center = coordinates.reduce(SIMD2<Double>.zero, +) / Double(coordinates.count)
    samples = zip(coordinates, values).map { [center] in Sample(x: $0 - center, y: $1) }
    self.objective = objective
    grid = ExponentGrid(samples)
    let optimum = VariableProjection(samples: samples, objective: objective, grid: grid)
      .solve().polished(samples, objective)
    exponents = optimum.exponents
    coefficients = optimum.coefficients
    value = optimum.value
    law = Law(exponents: exponents, coefficients: coefficients, center: center)
    degreesOfFreedom = values.count - Law.parameterCount
    zeroColumns = (0..<Law.columns).filter { optimum.coefficients[$0] == 0 }
    atGridEdge = optimum.atEdge
    minima = optimum.minima
    let rows = samples.map {
      gradient(Law.self, $0.x, optimum.exponents, optimum.coefficients, objective)
    }
    let columns = (0..<Law.parameterCount).map { j in rows.map { $0[j] } }
    jacobian = SingularValues(columns: columns)
    conditionNumber =
      SingularValues(
        columns: columns.map { column in
          let length = dot(column, column).squareRoot()
          return length > 0 ? column.map { $0 / length } : column
        }
      ).conditionNumber
    residualSquares = samples.reduce(0) { sum, sample in
      let f = (Law.row(sample.x, optimum.exponents) * optimum.coefficients).sum()
      let r = objective.residual(measured: sample.y, predicted: f)
      return sum + r * r
    }
  }

  /// s = √(Σr²/(n − p)), nil without degrees of freedom. Relative for a relative objective.
  var residualSD: Double? {
    degreesOfFreedom > 0
      ? (residualSquares / Double(degreesOfFreedom)).squareRoot() : nil
  }

  /// Half the width of the delta-method prediction interval with Student's t, on the objective's
  /// scale: t·s·√(1 + gᵀ(JᵀJ)⁻¹g).
  func halfWidth(at coordinates: SIMD2<Double>, level: Double) -> Double? {
    guard let s = residualSD else { return nil }
    let g = gradient(Law.self, coordinates - center, exponents, coefficients, objective)
    return StudentT.quantile(level: level, degrees: degreesOfFreedom) * s
      * (1 + jacobian.leverage(g)).squareRoot()
  }

  /// A law that could as well have been found, and the noise that goes with it.
  struct Draw: Sendable {
    let law: Law
    let sigma: Double
  }

  /// Parametric bootstrap: σ² = Σr²/χ²_{n−p} is drawn anew each time, points are made from the
  /// fitted law with noise σ, and the law is fitted again from its whole grid. Drawing σ² carries
  /// the doubt about the noise itself; with a fixed σ the intervals of a five-run fit are far too
  /// narrow (a nominal 90 % covers half). Empty without degrees of freedom.
  func draws(_ count: Int, random: inout RandomSource) -> [Draw] {
    guard degreesOfFreedom > 0 else { return [] }
    let fitted = samples.map { (Law.row($0.x, exponents) * coefficients).sum() }
    return (0..<count).map { _ in
      let chi = max(random.chiSquared(degrees: degreesOfFreedom), 1e-6)
      let sigma = (residualSquares / chi).squareRoot()
      var copies = samples
      for i in copies.indices {
        copies[i].y = objective.perturbed(fitted[i], by: sigma * random.normal())
      }
      var optimum = VariableProjection(samples: copies, objective: objective, grid: grid).solve()
      if objective == .huber { optimum = optimum.polished(copies, objective) }
      let law = Law(
        exponents: optimum.exponents, coefficients: optimum.coefficients, center: center)
      return Draw(law: law, sigma: sigma)
    }
  }
}

extension Objective {
  /// `value` moved by `noise` on the objective's scale.
  func perturbed(_ value: Double, by noise: Double) -> Double {
    isRelative ? value * exp(max(-3, min(3, noise))) : value + noise
  }
}

/// ∂ŷ/∂(coefficients, exponents) on the objective's scale: divided by ŷ when relative.
func gradient<Law: SeparableLaw>(
  _: Law.Type, _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>,
  _ objective: Objective
) -> [Double] {
  let row = Law.row(x, exponents)
  let slopes = Law.exponentDerivatives(x, exponents, coefficients)
  let scale = objective.isRelative ? 1 / (row * coefficients).sum() : 1
  return (0..<Law.columns).map { row[$0] * scale }
    + Law.exponentRanges.indices.map { slopes[$0] * scale }
}
