import Experiment
import Foundation

/// A separable law at its optimum, with what its residuals say of its precision.
struct FittedLaw<Law: SeparableLaw>: ResidualFit {
  let law: Law
  let objective: Objective
  /// The objective at the optimum.
  let value: Double
  let degreesOfFreedom: Int
  let residualSquares: Double
  /// The coefficients that are held at zero.
  let zeroColumns: [String]
  let atGridEdge: Bool
  let minima: Int
  /// Of the Jacobian with columns scaled to length 1.
  let conditionNumber: Double

  let samples: [Sample]
  let grid: ExponentGrid<Law>
  let center: SIMD2<Double>
  /// Draws made together with those of other sets, where an exponent is shared.
  var jointDraws: [Draw]?
  let exponents: SIMD2<Double>
  let coefficients: SIMD3<Double>
  private let jacobian: SingularValues

  /// The law that fits `values` at `coordinates` best.
  init(coordinates: [SIMD2<Double>], values: [Double], objective: Objective) {
    self.init(zip(coordinates, values).map { Sample(x: $0, y: $1) }, objective: objective)
  }

  /// The law that fits samples best, their coordinates not shifted yet.
  init(_ samples: [Sample], objective: Objective) {
    let (samples, center) = samples.centered
    let grid = ExponentGrid<Law>(samples)
    let optimum = VariableProjection(samples: samples, objective: objective, grid: grid).solve()
    self.init(
      samples: samples, grid: grid, center: center, objective: objective, optimum: optimum)
  }

  /// The law at an optimum that was found elsewhere; `exponentInformation` is what other data say
  /// of the (one) exponent, as a squared length of its Jacobian column.
  init(
    samples: [Sample], grid: ExponentGrid<Law>, center: SIMD2<Double>, objective: Objective,
    optimum: VariableProjection<Law>.Optimum, exponentInformation: Double = 0
  ) {
    self.samples = samples
    self.grid = grid
    self.center = center
    self.objective = objective
    exponents = optimum.exponents
    coefficients = optimum.coefficients
    value = optimum.value
    law = Law(exponents: exponents, coefficients: coefficients, center: center)
    degreesOfFreedom = samples.count - Law.parameterCount
    zeroColumns = (0..<Law.columns).filter { optimum.coefficients[$0] == 0 }
      .map { Law.columnNames[$0] }
    atGridEdge = optimum.atEdge
    minima = optimum.minima
    var rows = samples.map { sample in
      let root = sample.weight.squareRoot()
      return gradient(
        Law.self, sample.x, optimum.exponents, optimum.coefficients, objective
      ).map { root * $0 }
    }
    if exponentInformation > 0 {
      let zeros = [Double](repeating: 0, count: Law.parameterCount - 1)
      rows.append(zeros + [exponentInformation.squareRoot()])
    }
    if let width = Law.exponentTie {
      // As in the fit, the tie is one more equation.
      let squares = Self.squares(samples, optimum, objective)
      let scale = (squares / Double(samples.count)).squareRoot() / width
      let zeros = [Double](repeating: 0, count: Law.columns)
      rows.append(zeros + [scale / optimum.exponents.x, -scale / optimum.exponents.y])
    }
    let columns = (0..<Law.parameterCount).map { j in rows.map { $0[j] } }
    jacobian = SingularValues(columns: columns)
    conditionNumber = SingularValues(scaled: columns).conditionNumber
    residualSquares = Self.squares(samples, optimum, objective)
  }

  /// Σr².
  private static func squares(
    _ samples: [Sample], _ optimum: VariableProjection<Law>.Optimum, _ objective: Objective
  ) -> Double {
    samples.reduce(0) { sum, sample in
      let f = (Law.row(sample.x, optimum.exponents) * optimum.coefficients).sum()
      let r = objective.residual(measured: sample.y, predicted: f)
      return sum + sample.weight * r * r
    }
  }

  /// 1/(JᵀJ)⁻¹ of the last exponent: what these samples alone say of it.
  var information: Double {
    let last = (0..<Law.parameterCount).map { $0 == Law.parameterCount - 1 ? 1.0 : 0 }
    return 1 / jacobian.leverage(last)
  }

  /// s·√(1 + gᵀ(JᵀJ)⁻¹g), by the delta method.
  func predictionSD(at coordinates: SIMD2<Double>) -> Double? {
    residualSD.map {
      let g = gradient(Law.self, coordinates - center, exponents, coefficients, objective)
      return $0 * (1 + jacobian.leverage(g)).squareRoot()
    }
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
    if let jointDraws { return jointDraws }
    guard degreesOfFreedom > 0 else { return [] }
    return (0..<count).map { _ in
      let (copies, sigma) = simulated(random: &random)
      let optimum = VariableProjection(samples: copies, objective: objective, grid: grid).solve()
      let law = Law(
        exponents: optimum.exponents, coefficients: optimum.coefficients, center: center)
      return Draw(law: law, sigma: sigma)
    }
  }

  /// The samples made anew from the law, with a noise that fits the residuals.
  func simulated(random: inout RandomSource) -> (samples: [Sample], sigma: Double) {
    let sigma = drawnNoise(random: &random)
    var copies = samples
    for i in copies.indices {
      let fitted = (Law.row(copies[i].x, exponents) * coefficients).sum()
      let noise = sigma / copies[i].weight.squareRoot()
      copies[i].y = objective.perturbed(fitted, by: noise * random.normal())
    }
    return (copies, sigma)
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
