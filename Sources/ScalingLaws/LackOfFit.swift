import Foundation

/// Whether a law misses its runs by more than seeds do: F = (SS_lof/(cells − p))/(SS_pure/ν).
public struct LackOfFit: Codable, Sendable, Equatable {
  /// F.
  public let ratio: Double
  /// P(F or more) if the law held.
  public let pValue: Double
  /// Cells − p, and the replicates' degrees of freedom.
  public let degrees: [Int]

  /// Means of every cell of fit runs and their replicates against the law; nil without replicates or
  /// without degrees of freedom.
  init?(_ points: [LawPoint], law: any LossLaw, parameterCount p: Int) {
    var cells: [SIMD2<Double>: [Double]] = [:]
    let used = points.filter { $0.loss != nil && ($0.role == .fit || $0.role == .replicate) }
    let fitted = Set(used.filter { $0.role == .fit }.map(\.coordinates))
    for point in used where fitted.contains(point.coordinates) {
      cells[point.coordinates, default: []].append(log(point.loss ?? 1))
    }
    var (lack, pure, freedom) = (0.0, 0.0, 0)
    for key in cells.keys.sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) }) {
      guard let logs = cells[key] else { continue }
      let mean = logs.reduce(0, +) / Double(logs.count)
      let predicted = log(law.loss(parameters: exp(key.x), tokens: exp(key.y)))
      lack += Double(logs.count) * (mean - predicted) * (mean - predicted)
      pure += logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      freedom += logs.count - 1
    }
    guard freedom > 0, cells.count > p, pure > 0 else { return nil }
    degrees = [cells.count - p, freedom]
    ratio = (lack / Double(cells.count - p)) / (pure / Double(freedom))
    pValue = FDistribution.upperTail(ratio, cells.count - p, freedom)
  }
}

/// Fisher's F with whole degrees of freedom.
package enum FDistribution {
  /// P(F ≥ f), by the continued fraction of the incomplete beta function (Lentz).
  package static func upperTail(_ f: Double, _ top: Int, _ bottom: Int) -> Double {
    let (a, b) = (Double(bottom) / 2, Double(top) / 2)
    return incompleteBeta(Double(bottom) / (Double(bottom) + Double(top) * f), a, b)
  }

  private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let front = exp(
      logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log(1 - x))
    func safe(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var c = 1.0
    var d = 1 / safe(1 - (a + b) * x / (a + 1))
    var h = d
    for m in 1...500 {
      let m = Double(m)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / safe(1 + even * d)
      c = safe(1 + even / c)
      h *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / safe(1 + odd * d)
      c = safe(1 + odd / c)
      h *= d * c
      if abs(d * c - 1) < 1e-14 { break }
    }
    return front * h / a
  }

  /// ln Γ(x) for x > 0 by Stirling's series after shifting x up.
  private static func logGamma(_ x: Double) -> Double {
    var (x, shift) = (x, 0.0)
    while x < 10 {
      shift -= log(x)
      x += 1
    }
    let r = 1 / (x * x)
    return shift + (x - 0.5) * log(x) - x + 0.5 * log(2 * .pi)
      + (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r / 1680))) / x
  }
}
