import Foundation

/// How near to the machine's limit the training of models of several sizes is, as an SVG file: their
/// rate over their cost per token. Where the points lie level, cost per token grows as the FLOPs do.
public struct SpeedChart {
  /// One size.
  public struct Point: Sendable {
    let parameters: Int
    let flopsPerToken: Double
    let gflops: Double
    let tokensPerSecond: Double

    /// All fields, in order.
    public init(parameters: Int, flopsPerToken: Double, gflops: Double, tokensPerSecond: Double) {
      self.parameters = parameters
      self.flopsPerToken = flopsPerToken
      self.gflops = gflops
      self.tokensPerSecond = tokensPerSecond
    }
  }

  private let one: [Point]
  private let all: [Point]
  private let limits: [(name: String, gflops: Double)]

  /// - Parameters:
  ///   - one: on one core
  ///   - all: on all cores
  ///   - limits: rates of large products
  public init(one: [Point], all: [Point], limits: [(name: String, gflops: Double)]) {
    self.one = one
    self.all = all
    self.limits = limits
  }

  /// The drawing.
  public var svg: String {
    let points = one + all
    let domain = paddedDomain(points.map(\.flopsPerToken), logarithmic: true)
    let top = (points.map(\.gflops) + limits.map(\.gflops)).max() ?? 1
    var chart = Chart(
      width: 900, height: 420, margins: Chart.Margins(left: 66, right: 190), x: domain,
      logX: true, y: 0...1.08 * top, logY: false,
      label: "Training speed in GFLOP/s against FLOPs per token")
    chart.axes(x: "exact FLOPs per token", y: "GFLOP/s")
    for limit in limits {
      chart.line(
        [(domain.lowerBound, limit.gflops), (domain.upperBound, limit.gflops)], ink: "muted",
        dashed: true, thin: true)
    }
    for (points, shape, ink) in [(all, Chart.Shape.disc, "m0"), (one, .diamond, "m1")] {
      chart.line(points.map { ($0.flopsPerToken, $0.gflops) }, ink: ink)
      for point in points {
        chart.mark(
          shape, at: (point.flopsPerToken, point.gflops), ink: ink,
          tooltip: "\(point.parameters) parameters: "
            + "\(Int(point.tokensPerSecond)) tokens/s, \(Int(point.gflops)) GFLOP/s")
      }
    }
    for (i, point) in all.enumerated() {
      chart.text(
        Self.short(point.parameters), near: (point.flopsPerToken, point.gflops), ink: "ink",
        leftward: i == all.count - 1)
    }
    chart.column(
      limits.map { ($0.name, $0.gflops, "muted") }
        + [(all.last, "all cores", "m0"), (one.last, "one core", "m1")].compactMap { last in
          last.0.map { (last.1, $0.gflops, last.2) }
        })
    return chart.svg(
      style: Palette.chartCSS + Palette.css(count: 2) + "svg{background:var(--paper)}")
  }

  private static func short(_ count: Int) -> String {
    count >= 1_000_000
      ? String(format: "%.1fM", Double(count) / 1e6) : String(format: "%.0fk", Double(count) / 1e3)
  }
}
