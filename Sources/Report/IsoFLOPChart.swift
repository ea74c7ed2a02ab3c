import Foundation
import ScalingLaws

/// The parabolas of an IsoFLOP analysis, and the line of their minima.
public struct IsoFLOPChart {
  private let analysis: IsoFLOPAnalysis

  /// - Parameter analysis: what to draw
  public init(analysis: IsoFLOPAnalysis) { self.analysis = analysis }

  /// An SVG file of its own, light and dark.
  public var svg: String {
    let profiles = analysis.profiles
    let wide = paddedDomain(
      profiles.flatMap { $0.points.map(\.parameters) }, logarithmic: true)
    let heights = profiles.flatMap { $0.points.map(\.loss) + [$0.loss] }
    var chart = Chart(
      width: 900, height: 460, margins: Chart.Margins(left: 66, right: 96), x: wide, logX: true,
      y: paddedDomain(heights, logarithmic: false), logY: false,
      label: "Loss against model size at equal compute")
    chart.axes(x: "N, parameters", y: "loss, nats per token")
    for (i, profile) in profiles.enumerated() {
      let sizes = profile.points.map(\.parameters).sorted()
      guard let low = sizes.first, let high = sizes.last else { continue }
      let curve = (0...60).map { step in
        let n = low * pow(high / low, Double(step) / 60)
        return (n, profile.loss(parameters: n))
      }
      chart.line(curve, ink: "m\(i)")
      for point in profile.points {
        chart.mark(
          .ring, at: (point.parameters, point.loss), ink: "m\(i)",
          tooltip: "N \(Numbers.short(point.parameters)), loss \(Numbers.fixed(point.loss, 4))",
          size: 4)
      }
      chart.mark(
        .disc, at: (profile.parameters, profile.loss), ink: "m\(i)",
        tooltip:
          "C = \(Numbers.scientific(profile.compute)): N* \(Numbers.short(profile.parameters)),"
          + " loss \(Numbers.fixed(profile.loss, 4))")
    }
    chart.line(profiles.map { ($0.parameters, $0.loss) }, ink: "ink", dashed: true, thin: true)
    for (i, profile) in profiles.enumerated() {
      let end = profile.points.map(\.parameters).max() ?? profile.parameters
      chart.text(
        Numbers.scientific(profile.compute), near: (end, profile.loss(parameters: end)),
        ink: "m\(i)")
    }
    return chart.svg(
      style: Palette.chartCSS + Palette.css(count: max(1, profiles.count))
        + "svg{background:var(--paper)}")
  }
}
