import Foundation

/// What a set of runs could promise before any of them is trained: the standard deviation of
/// predictions if the law and the noise were these.
public struct Design: Sendable {
  /// Its name.
  public let name: String
  /// (N, D) of its runs.
  public let runs: [SIMD2<Double>]

  /// A design of runs given as N and M.
  public init(_ name: String, _ cells: [(parameters: Double, tokenMultiplier: Double)]) {
    self.name = name
    runs = cells.map { SIMD2($0.parameters, $0.parameters * $0.tokenMultiplier) }
  }

  /// What it costs and promises.
  public struct Promise: Codable, Sendable, Equatable {
    /// The design's name.
    public let name: String
    /// Runs.
    public let runs: Int
    /// Σ 6·N·D.
    public let compute: Double
    /// Standard deviation of E, nats; nil where the runs cannot tell the coefficients apart.
    public let floorSD: Double?
    /// Standard deviation of α.
    public let exponentSD: Double?
    /// Relative standard deviation of the law at each target; empty where it is undefined.
    public let predictionSD: [Double]
  }

  /// The promise for `targets` (N, D) under `law` and relative noise `sigma`, which is taken as
  /// known.
  public func promise(_ law: OverTrainingLaw, sigma: Double, targets: [SIMD2<Double>]) -> Promise {
    let compute = runs.reduce(0) { $0 + 6 * $1.x * $1.y }
    let logs = runs.map { SIMD2(log($0.x), log($0.y)) }
    let center = logs.reduce(SIMD2<Double>.zero, +) / Double(max(1, runs.count))
    let exponents = SIMD2(law.exponent, 0)
    let coefficients = SIMD3(
      law.irreducibleLoss, law.parameterCoefficient * exp(-law.exponent * center.x),
      law.tokenCoefficient * exp(-law.exponent * center.y))
    func row(_ x: SIMD2<Double>) -> [Double] {
      gradient(OverTrainingLaw.self, x - center, exponents, coefficients, .log)
    }
    let rows = logs.map(row)
    let jacobian = SingularValues(columns: (0..<4).map { j in rows.map { $0[j] } })
    guard Set(logs).count >= 4, jacobian.conditionNumber < 1e10 else {
      return Promise(
        name: name, runs: runs.count, compute: compute, floorSD: nil, exponentSD: nil,
        predictionSD: [])
    }
    func sd(_ direction: [Double]) -> Double { sigma * jacobian.leverage(direction).squareRoot() }
    return Promise(
      name: name, runs: runs.count, compute: compute, floorSD: sd([1, 0, 0, 0]),
      exponentSD: sd([0, 0, 0, 1]),
      predictionSD: targets.map { sd(row(SIMD2(log($0.x), log($0.y)))) })
  }

  /// The design that promises the smallest of the largest SD over `targets` for no more than `budget`
  /// FLOPs, of sizes at token multipliers, each at most once. Up to 12 such runs every set is tried;
  /// with more, sets are grown from nothing, from each run and from the fixed designs, and runs are
  /// exchanged while that helps. Nil where no design in the budget fixes the law.
  public static func best(
    sizes: [Double], multipliers: [Double], budget: Double, _ law: OverTrainingLaw, sigma: Double,
    targets: [SIMD2<Double>]
  ) -> Design? {
    let cells = sizes.sorted().flatMap { n in multipliers.sorted().map { SIMD2(n, n * $0) } }
      .filter { 6 * $0.x * $0.y <= budget }
    guard !targets.isEmpty else { return nil }
    func cost(_ cells: [SIMD2<Double>]) -> Double { cells.reduce(0) { $0 + 6 * $1.x * $1.y } }
    func worst(_ cells: [SIMD2<Double>]) -> Double {
      Design("", runs: cells).weaklyKnown(law, sigma: sigma, targets: targets)
    }
    var best: (runs: [SIMD2<Double>], value: Double) = ([], .infinity)
    func look(_ runs: [SIMD2<Double>]) {
      guard cost(runs) <= budget else { return }
      let value = worst(runs)
      if value < best.value { best = (runs, value) }
    }
    if cells.count <= 12 {
      for subset in 1..<max(2, 1 << cells.count) {
        look(cells.indices.filter { subset >> $0 & 1 == 1 }.map { cells[$0] })
      }
    } else {
      let fixed = candidates(sizes: sizes, multipliers: multipliers).map(\.runs)
      for start in [[]] + cells.map({ [$0] }) + fixed where cost(start) <= budget {
        look(improved(start, cells, budget: budget, cost: cost, worst: worst))
      }
    }
    let design = Design(
      "best within the budget", runs: best.runs.sorted { ($0.x, $0.y) < ($1.x, $1.y) })
    return design.promise(law, sigma: sigma, targets: targets).floorSD == nil ? nil : design
  }

  /// `start` with runs added where they lower the SD most for their cost, then exchanged.
  private static func improved(
    _ start: [SIMD2<Double>], _ cells: [SIMD2<Double>], budget: Double,
    cost: ([SIMD2<Double>]) -> Double, worst: ([SIMD2<Double>]) -> Double
  ) -> [SIMD2<Double>] {
    var chosen = start
    var value = worst(chosen)
    /// What the SD falls by for the cost of a run.
    func gain(of cell: SIMD2<Double>, to newValue: Double) -> Double {
      log(value / newValue) / cell.x / cell.y
    }
    func grow() {
      while true {
        let left = budget - cost(chosen)
        let affordable = cells.filter { !chosen.contains($0) && 6 * $0.x * $0.y <= left }
        let next = affordable.map { (cell: $0, value: worst(chosen + [$0])) }
          .filter { $0.value < value * (1 - 1e-9) }
          .max { gain(of: $0.cell, to: $0.value) < gain(of: $1.cell, to: $1.value) }
        guard let next else { return }
        chosen.append(next.cell)
        value = next.value
      }
    }
    grow()
    var moved = true
    while moved {
      moved = false
      for i in chosen.indices {
        for cell in cells where !chosen.contains(cell) {
          var other = chosen
          other[i] = cell
          guard cost(other) <= budget else { continue }
          let reached = worst(other)
          if reached < value * (1 - 1e-9) { (chosen, value, moved) = (other, reached, true) }
        }
      }
      grow()
    }
    return chosen
  }

  private init(_ name: String, runs: [SIMD2<Double>]) {
    self.name = name
    self.runs = runs
  }

  /// The largest SD over targets where E, A, B and α are already known to a factor of about e, so
  /// that sets of runs too small to fix them compare as well.
  private func weaklyKnown(
    _ law: OverTrainingLaw, sigma: Double, targets: [SIMD2<Double>]
  ) -> Double {
    let center =
      SIMD2(
        targets.reduce(0) { $0 + log($1.x) }, targets.reduce(0) { $0 + log($1.y) })
      / Double(targets.count)
    let exponents = SIMD2(law.exponent, 0)
    let coefficients = SIMD3(
      law.irreducibleLoss, law.parameterCoefficient * exp(-law.exponent * center.x),
      law.tokenCoefficient * exp(-law.exponent * center.y))
    func row(_ x: SIMD2<Double>) -> [Double] {
      gradient(
        OverTrainingLaw.self, SIMD2(log(x.x), log(x.y)) - center, exponents, coefficients, .log)
    }
    let scales = [max(coefficients.x, 0.5), coefficients.y, coefficients.z, law.exponent]
    var rows = runs.map { row($0).map { $0 / sigma } }
    for j in 0..<4 { rows.append((0..<4).map { $0 == j ? 1 / scales[j] : 0 }) }
    let jacobian = SingularValues(columns: (0..<4).map { j in rows.map { $0[j] } })
    return targets.map { jacobian.leverage(row($0)).squareRoot() }.max() ?? .infinity
  }

  /// The designs to choose from for sizes and token multipliers: one ray, one ray and one run far
  /// off it (the paper's), the smallest size at every M, the full grid, and the full grid without
  /// the largest size.
  public static func candidates(sizes: [Double], multipliers: [Double]) -> [Design] {
    let (sizes, ms) = (sizes.sorted(), multipliers.sorted())
    guard let small = sizes.first, let first = ms.first, let last = ms.last else { return [] }
    let ray = sizes.map { ($0, first) }
    func grid(_ sizes: [Double]) -> [(Double, Double)] {
      sizes.flatMap { n in ms.map { (n, $0) } }
    }
    return [
      Design("all sizes at the least M", ray),
      Design("… and the smallest at the largest M", ray + [(small, last)]),
      Design("… and the smallest at every M", ray + ms.dropFirst().map { (small, $0) }),
      Design("all but the largest size at every M", grid(sizes.dropLast())),
      Design("every size at every M", grid(sizes)),
    ]
  }
}
