import Experiment
import Foundation

/// `KaplanLaw` at its optimum. It is no sum of columns, but its α_D-th root is: for given exponents
///
///     L^{1/α_D} = N_c^{α_N/α_D}·N^{−α_N/α_D} + D_c·D^{−1}
///
/// so a grid over the exponents with exact coefficients starts the search, and Levenberg and
/// Marquardt's steps in all four parameters end it, on the objective itself.
struct KaplanFit: LossFit {
  private let samples: [Sample]
  private let center: SIMD2<Double>
  private let objective: Objective
  /// ln α_N, ln α_D, ln N_c and ln D_c, the last two in shifted coordinates.
  private let theta: [Double]
  private let jacobian: SingularValues
  let value: Double
  let residualSquares: Double
  let minima: Int
  let conditionNumber: Double

  private static let exponents = (0..<12).map { 0.015 * pow(50, Double($0) / 11) }

  init(_ samples: [Sample], objective: Objective) {
    let (samples, center) = samples.centered
    self.init(samples: samples, center: center, objective: objective)
  }

  private init(samples: [Sample], center: SIMD2<Double>, objective: Objective) {
    self.samples = samples
    self.center = center
    self.objective = objective
    let starts = KaplanFit.starts(samples)
    var best = (theta: [log(0.1), log(0.1), 0, 0], value: Double.infinity)
    for start in starts.prefix(3) {
      let found = KaplanFit.descended(from: start, samples, objective)
      if found.value < best.value { best = found }
    }
    (theta, value) = best
    minima = max(1, starts.count)
    let (r, columns) = KaplanFit.linearised(theta, samples, objective)
    let weights = samples.map(\.weight)
    residualSquares = zip(r, weights).reduce(0) { $0 + $1.1 * $1.0 * $1.0 }
    let weighted = columns.map { zip($0, weights).map { $0 * $1.squareRoot() } }
    jacobian = SingularValues(columns: weighted)
    conditionNumber = SingularValues(scaled: weighted).conditionNumber
  }

  /// The minima of the grid, lowest first.
  private static func starts(_ samples: [Sample]) -> [[Double]] {
    let count = exponents.count
    var grid = [(theta: [Double], value: Double)](
      repeating: ([], .infinity), count: count * count)
    for (i, αN) in exponents.enumerated() {
      for (j, αD) in exponents.enumerated() {
        let rows = samples.map { SIMD3(exp(-αN / αD * $0.x.x), exp(-$0.x.y), 0) }
        let roots = samples.map { Sample(x: $0.x, y: pow($0.y, 1 / αD), weight: $0.weight) }
        let found = project(rows: rows, samples: roots, objective: .log, iterations: 4)
        guard found.coefficients.x > 0, found.coefficients.y > 0 else { continue }
        grid[i * count + j] = (
          [log(αN), log(αD), log(found.coefficients.x) * αD / αN, log(found.coefficients.y)],
          found.value * αD * αD
        )
      }
    }
    var minima: [(theta: [Double], value: Double)] = []
    for i in 0..<count {
      for j in 0..<count where grid[i * count + j].value < .infinity {
        let here = grid[i * count + j].value
        var isLowest = true
        for p in max(0, i - 1)...min(count - 1, i + 1) {
          for q in max(0, j - 1)...min(count - 1, j + 1) where (p, q) != (i, j) {
            isLowest = isLowest && here <= grid[p * count + q].value
          }
        }
        if isLowest { minima.append(grid[i * count + j]) }
      }
    }
    return minima.sorted { $0.value < $1.value }.map(\.theta)
  }

  /// ln L̂ and ∂ ln L̂/∂θ at shifted coordinates.
  private static func logLoss(_ theta: [Double], _ x: SIMD2<Double>) -> (Double, [Double]) {
    let (αN, αD) = (exp(theta[0]), exp(theta[1]))
    let reach = theta[2] - x.x
    let (size, data) = (αN / αD * reach, theta[3] - x.y)
    let top = max(size, data)
    let logSum = top + log(exp(size - top) + exp(data - top))
    let share = exp(size - logSum)
    return (
      αD * logSum,
      [αN * share * reach, αD * logSum - αN * share * reach, share * αN, αD * (1 - share)]
    )
  }

  /// Residuals and ∂ŷ/∂θ on the objective's scale.
  private static func linearised(
    _ theta: [Double], _ samples: [Sample], _ objective: Objective
  ) -> ([Double], [[Double]]) {
    let rows = samples.map { sample in
      let (value, slopes) = logLoss(theta, sample.x)
      let f = exp(min(value, 300))
      return (
        objective.residual(measured: sample.y, predicted: f),
        objective.isRelative ? slopes : slopes.map { $0 * f }
      )
    }
    return (rows.map(\.0), (0..<4).map { j in rows.map { $0.1[j] } })
  }

  private static func descended(
    from start: [Double], _ samples: [Sample], _ objective: Objective
  ) -> (theta: [Double], value: Double) {
    func total(_ r: [Double]) -> Double {
      let sum = zip(r, samples).reduce(0) { $0 + $1.1.weight * objective.penalty($1.0) }
      return sum.isFinite ? sum : .infinity
    }
    var theta = start
    var (r, columns) = linearised(theta, samples, objective)
    var value = total(r)
    var damping = 1e-3
    for _ in 0..<300 where damping < 1e12 {
      let weights = zip(r, samples).map { (objective.weight($0) * $1.weight).squareRoot() }
      var scaled = columns.map { column in zip(column, weights).map { $0 * $1 } }
      var target = zip(r, weights).map { $0 * $1 }
      for j in scaled.indices {
        let length = max(dot(scaled[j], scaled[j]).squareRoot(), 1e-12)
        for k in scaled.indices { scaled[k].append(k == j ? damping.squareRoot() * length : 0) }
        target.append(0)
      }
      let step = SingularValues(columns: scaled).solve(target)
      let next = zip(theta, step).map { $0 + $1 }
      let reached = linearised(next, samples, objective)
      let height = total(reached.0)
      guard height <= value else {
        damping *= 10
        continue
      }
      let isStill = (step.map { abs($0) }.max() ?? 0) < 1e-13
      (theta, value, r, columns) = (next, height, reached.0, reached.1)
      damping = max(damping / 10, 1e-15)
      if isStill { break }
    }
    return (theta, value)
  }

  var lossLaw: any LossLaw { law }
  private var law: KaplanLaw {
    KaplanLaw(
      Nc: exp(theta[2] + center.x), Dc: exp(theta[3] + center.y), alphaN: exp(theta[0]),
      alphaD: exp(theta[1]))
  }
  var degreesOfFreedom: Int { samples.count - theta.count }
  var zeroColumns: [String] { [] }
  var atGridEdge: Bool { !theta.prefix(2).allSatisfy { (log(1e-3)...log(10)).contains($0) } }
  func profiles(level: Double) -> [ProfileInterval] { [] }

  func predictionSD(at coordinates: SIMD2<Double>) -> Double? {
    residualSD.map {
      let (value, slopes) = KaplanFit.logLoss(theta, coordinates - center)
      let g = objective.isRelative ? slopes : slopes.map { $0 * exp(value) }
      return $0 * (1 + jacobian.leverage(g)).squareRoot()
    }
  }

  /// Parametric bootstrap with σ² = Σr²/χ², each draw searched from the grid.
  func lossDraws(_ count: Int, random: inout RandomSource) -> [LossDraw] {
    guard degreesOfFreedom > 0 else { return [] }
    return (0..<count).map { _ in
      let sigma = drawnNoise(random: &random)
      var copies = samples
      for i in copies.indices {
        let fitted = exp(KaplanFit.logLoss(theta, copies[i].x).0)
        let noise = sigma / copies[i].weight.squareRoot()
        copies[i].y = max(1e-9, objective.perturbed(fitted, by: noise * random.normal()))
      }
      let fit = KaplanFit(samples: copies, center: center, objective: objective)
      return LossDraw(law: fit.law, sigma: sigma)
    }
  }
}
