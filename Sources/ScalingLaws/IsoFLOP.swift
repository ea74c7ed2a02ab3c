import Experiment
import Foundation

/// Runs of one compute and the parabola through them (Hoffmann et al. 2022, approach 2):
/// L = p·x² + q·x + r in x = ln N, least at N* = e^{−q/2p}.
public struct IsoFLOPProfile: Codable, Sendable, Equatable {
  /// A run, or a loss read off between a size's runs.
  public struct Point: Codable, Sendable, Equatable {
    /// N.
    public let parameters: Double
    /// L.
    public let loss: Double
  }

  /// The mean 6·N·D of its runs.
  public let compute: Double
  /// What the parabola was drawn through.
  public let points: [Point]
  /// How many those are.
  public var runs: Int { points.count }
  /// p, in nats per squared e-fold of N.
  public let curvature: Double
  /// N*.
  public let parameters: Double
  /// D* = C/(6·N*).
  public let tokens: Double
  /// L at N*.
  public let loss: Double
  /// Σr², with `runs` − 3 degrees of freedom.
  public let residualSquares: Double
  /// Whether smaller and larger models than N* were trained: only then is it an optimum and not an
  /// extrapolation.
  public let isBracketed: Bool

  /// M* = D*/N*.
  public var tokenMultiplier: Double { tokens / parameters }

  /// The parabola of (N, loss) at a compute; nil where it has no minimum.
  init?(compute: Double, points: [(parameters: Double, loss: Double)]) {
    let logs = points.map { log($0.parameters) }
    guard let low = logs.min(), let high = logs.max(), Set(logs).count >= 3 else { return nil }
    let middle = (low + high) / 2
    let x = logs.map { $0 - middle }
    let columns = [x.map { $0 * $0 }, x, x.map { _ in 1.0 }]
    let found = SingularValues(columns: columns).solve(points.map(\.loss))
    guard found[0] > 0 else { return nil }
    let vertex = -found[1] / (2 * found[0])
    self.compute = compute
    self.points = points.map { Point(parameters: $0.parameters, loss: $0.loss) }
    curvature = found[0]
    parameters = exp(vertex + middle)
    tokens = compute / (6 * parameters)
    loss = found[2] - found[1] * found[1] / (4 * found[0])
    isBracketed = (low...high).contains(vertex + middle)
    residualSquares = zip(x, points).reduce(0) {
      let r = $1.1.loss - (found[0] * $1.0 * $1.0 + found[1] * $1.0 + found[2])
      return $0 + r * r
    }
  }

  /// The parabola's value.
  public func loss(parameters n: Double) -> Double {
    let x = log(n / parameters)
    return loss + curvature * x * x
  }
}

/// N*(C) = k·C^a by the minima of IsoFLOP parabolas. D*(C) then goes as C^{1−a}.
///
/// The minima of parabolas are biased where the law's valley is skew (α ≠ β) or the sizes do not lie
/// about N*: a bias that is the same at every compute spares a but not k.
public struct IsoFLOPAnalysis: Codable, Sendable {
  /// A compute whose runs give no minimum.
  public struct Refusal: Codable, Sendable, Equatable {
    /// 6·N·D.
    public let compute: Double
    /// Why.
    public let reason: String
  }

  /// The parabolas, by compute.
  public let profiles: [IsoFLOPProfile]
  /// Computes left out of the regression.
  public let refused: [Refusal]
  /// a.
  public let exponent: Double
  /// k.
  public let scale: Double
  /// Interval of a: parametric bootstrap with the noise of all parabolas pooled; nil where every
  /// parabola passes through its runs.
  public let exponentInterval: ClosedRange<Double>?

  /// Analyses the runs of `data` that are not held out, grouped where their compute differs by less
  /// than a tenth.
  ///
  /// - Throws: `UserError` of kind `badData` when fewer than two computes have a bracketed minimum.
  public init(_ data: LawData, level: Double = 0.9) throws(UserError) {
    let points = data.points.filter { $0.loss != nil && $0.role != .holdout }
      .sorted { ($0.compute, $0.run) < ($1.compute, $1.run) }
    var groups: [[LawPoint]] = []
    for point in points {
      if let last = groups.last?.last, point.compute / last.compute < 1.1 {
        groups[groups.count - 1].append(point)
      } else {
        groups.append([point])
      }
    }
    try self.init(
      groups.map { group in
        let logs = group.map { Foundation.log($0.compute) }
        return (
          exp(logs.reduce(0, +) / Double(logs.count)),
          group.map { ($0.parameters, $0.loss ?? .nan) }
        )
      }, source: data.source, level: level)
  }

  /// Analyses a grid that has no runs of equal compute: at each of `count` computes, evenly spaced in
  /// ln C over the range that most sizes share, every size's loss is interpolated between its own
  /// runs (ln L by parabolas through the three nearest ln C; Porian et al. 2024 do likewise).
  ///
  /// - Throws: `UserError` of kind `badData` when fewer than two computes have a bracketed minimum.
  public init(interpolating data: LawData, computes count: Int = 8, level: Double = 0.9)
    throws(UserError)
  {
    let points = data.points.filter { $0.loss != nil && $0.role != .holdout }
    let sizes = Dictionary(grouping: points, by: \.parameters).mapValues { runs in
      runs.map { SIMD2(Foundation.log($0.compute), Foundation.log($0.loss ?? .nan)) }
        .sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    }.filter { Set($0.value.map(\.x)).count >= 2 }.sorted { $0.key < $1.key }
    // Between the third lowest start and the third highest end, three sizes are there.
    let starts = sizes.compactMap { $0.value.first?.x }.sorted()
    let ends = sizes.compactMap { $0.value.last?.x }.sorted()
    guard starts.count >= 3, count >= 2, starts[2] < ends[ends.count - 3] else {
      throw UserError(
        .badData, "no three sizes were trained with the same compute", at: data.source,
        fix: "train each size for several lengths, so that their computes overlap")
    }
    let (low, high) = (starts[2], ends[ends.count - 3])
    try self.init(
      (0..<count).map { i in
        let at = low + (high - low) * Double(i) / Double(count - 1)
        return (
          exp(at),
          sizes.compactMap { size in interpolated(size.value, at).map { (size.key, exp($0)) } }
        )
      }, source: data.source, level: level)
  }

  private init(
    _ groups: [(compute: Double, points: [(Double, Double)])], source: String, level: Double
  ) throws(UserError) {
    var profiles: [IsoFLOPProfile] = []
    var refused: [Refusal] = []
    var measured: [[(parameters: Double, loss: Double)]] = []
    for group in groups {
      let points = group.points.map { (parameters: $0.0, loss: $0.1) }
      func refuse(_ reason: String) {
        refused.append(Refusal(compute: group.compute, reason: reason))
      }
      let sizes = Set(points.map(\.parameters)).count
      guard sizes >= 3 else {
        refuse("\(sizes) sizes, and a parabola needs three")
        continue
      }
      guard let profile = IsoFLOPProfile(compute: group.compute, points: points) else {
        refuse("loss has no minimum in N")
        continue
      }
      guard profile.isBracketed else {
        refuse("the minimum lies outside the sizes that were trained")
        continue
      }
      profiles.append(profile)
      measured.append(points)
    }
    guard profiles.count >= 2 else {
      throw UserError(
        .badData,
        "\(profiles.count) computes have a minimum between their sizes, and N*(C) needs two"
          + (refused.first.map { String(format: "; at %.1e: \($0.reason)", $0.compute) } ?? ""),
        at: source,
        fix: "train three sizes or more at each of two computes, or use --interpolate")
    }
    self.profiles = profiles
    self.refused = refused
    (exponent, scale) = Self.regression(profiles)
    let squares = profiles.reduce(0) { $0 + $1.residualSquares }
    let degrees = profiles.reduce(0) { $0 + $1.runs - 3 }
    guard degrees > 0, squares > 1e-20 else {
      exponentInterval = nil
      return
    }
    var random = RandomSource(seed: Seeds.derive(0, "isoflop bootstrap"))
    var draws: [Double] = []
    for _ in 0..<1000 {
      let sigma = (squares / max(random.chiSquared(degrees: degrees), 1e-6)).squareRoot()
      let again = zip(profiles, measured).compactMap { profile, points in
        IsoFLOPProfile(
          compute: profile.compute,
          points: points.map {
            ($0.parameters, profile.loss(parameters: $0.parameters) + sigma * random.normal())
          })
      }
      if again.count == profiles.count { draws.append(Self.regression(again).exponent) }
    }
    draws.sort()
    exponentInterval =
      draws.count < 500
      ? nil : quantile(draws, (1 - level) / 2)...quantile(draws, (1 + level) / 2)
  }

  /// The line through (ln C, ln N*).
  private static func regression(_ profiles: [IsoFLOPProfile]) -> (exponent: Double, scale: Double)
  {
    let x = profiles.map { Foundation.log($0.compute) }
    let y = profiles.map { Foundation.log($0.parameters) }
    let n = Double(x.count)
    let (mx, my) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    let slope =
      zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
      / x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }
    return (slope, exp(my - slope * mx))
  }

  /// N*(C) and D*(C).
  public func optimum(compute: Double) -> (parameters: Double, tokens: Double) {
    let n = scale * pow(compute, exponent)
    return (n, compute / (6 * n))
  }
}

/// The parabola through the three nearest points at `x` (the line where there are two); nil outside
/// their range.
private func interpolated(_ points: [SIMD2<Double>], _ x: Double) -> Double? {
  guard let first = points.first, let last = points.last,
    x >= first.x - 1e-9, x <= last.x + 1e-9
  else { return nil }
  var nearest: [SIMD2<Double>] = []
  for point in points.sorted(by: { abs($0.x - x) < abs($1.x - x) })
  where nearest.count < 3 && !nearest.contains(where: { $0.x == point.x }) {
    nearest.append(point)
  }
  return nearest.indices.reduce(0) { sum, i in
    sum
      + nearest.indices.filter { $0 != i }.reduce(nearest[i].y) {
        $0 * (x - nearest[$1].x) / (nearest[i].x - nearest[$1].x)
      }
  }
}
