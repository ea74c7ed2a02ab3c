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
