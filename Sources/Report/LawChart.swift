import Experiment
import Foundation
import ScalingLaws

/// The token multipliers of a set of runs, and the colour of each.
struct Multipliers {
  /// Distinct values, ascending; values within 2 % are one (steps are whole, so M is not exact).
  let values: [Double]

  init(_ points: [LawPoint]) {
    var values: [Double] = []
    for m in points.map(\.tokenMultiplier).sorted() where m > (values.last ?? 0) * 1.02 {
      values.append(m)
    }
    self.values = values
  }

  /// The position of the value nearest to `m`.
  func index(_ m: Double) -> Int {
    values.indices.min { abs(log(values[$0] / m)) < abs(log(values[$1] / m)) } ?? 0
  }

  /// The CSS class of `m`.
  func ink(_ m: Double) -> String { "m\(index(m))" }
}

/// The shape of a measured run.
func shape(_ role: Role) -> Chart.Shape {
  switch role {
  case .fit: .disc
  case .validate: .ring
  case .holdout: .diamond
  case .replicate: .cross
  }
}

/// A run's name where there is little room.
func shortName(_ point: LawPoint) -> String {
  point.run.count <= 12
    ? point.run
    : "\(Numbers.short(point.parameters)) × \(Numbers.multiplier(point.tokenMultiplier))"
}

/// Reducible loss against compute: one line per M, measured runs, and predictions of held-out runs.
struct LawChart {
  let data: LawData
  let fit: Fit?
  let multipliers: Multipliers

  /// Draws it; without a fit, plain loss without lines.
  func draw(width: Double, height: Double) -> Chart {
    let floor = fit?.lossLaw.irreducibleLoss ?? 0
    let measured = data.points.filter { $0.loss != nil }
    let predictions = fit?.predictions ?? []
    let heights =
      measured.compactMap { $0.loss.map { $0 - floor } }
      + predictions.map { $0.loss.predicted - floor }
    let lowest = heights.filter { $0 > 0 }.min() ?? 1
    // Wide intervals may reach below E; the axis follows them only so far.
    let ends = predictions.flatMap { [$0.loss.low, $0.loss.high] }.compactMap { $0 }
      .map { max($0 - floor, lowest * 0.75) }
    let computes = data.points.map(\.compute)
    let narrow = width < 500
    var chart = Chart(
      width: width, height: height,
      margins: Chart.Margins(left: narrow ? 48 : 56, right: narrow ? 58 : 72),
      x: paddedDomain(computes, logarithmic: true), logX: true,
      y: paddedDomain(heights + ends, logarithmic: true), logY: true,
      label: "Reducible loss against training compute, one line per token multiplier")
    chart.axes(
      x: "training compute C = 6·N·D, FLOPs",
      y: fit == nil ? "loss, nats per token" : "loss − E, nats per token")
    drawLines(&chart, floor: floor)
    drawPoints(&chart, measured, floor: floor)
    drawPredictions(&chart, predictions, floor: floor)
    labelLines(&chart, floor: floor)
    return chart
  }

  /// A line per M over the whole width, dashed beyond the largest run that was fitted.
  private func drawLines(_ chart: inout Chart, floor: Double) {
    guard let fit else { return }
    let edge = data.points.filter { $0.role == .fit }.map(\.compute).max() ?? 0
    let (from, to) = (chart.x.domain.lowerBound, chart.x.domain.upperBound)
    for m in multipliers.values {
      func part(_ from: Double, _ to: Double, dashed: Bool) {
        guard to > from else { return }
        let points = (0...24).map { i in
          let c = from * pow(to / from, Double(i) / 24)
          return (c, fit.lossLaw.loss(compute: c, tokenMultiplier: m) - floor)
        }
        chart.line(points, ink: multipliers.ink(m), dashed: dashed, thin: true)
      }
      part(from, min(to, edge), dashed: false)
      part(max(from, edge), to, dashed: true)
    }
  }

  private func labelLines(_ chart: inout Chart, floor: Double) {
    guard let fit else { return }
    let end = chart.x.domain.upperBound
    chart.column(
      multipliers.values.map { m in
        (
          "M \(Numbers.multiplier(m))",
          fit.lossLaw.loss(compute: end, tokenMultiplier: m) - floor, multipliers.ink(m)
        )
      })
  }

  private func drawPoints(_ chart: inout Chart, _ points: [LawPoint], floor: Double) {
    for point in points.sorted(by: { order($0.role) < order($1.role) }) {
      guard let loss = point.loss, loss > floor else { continue }
      chart.mark(
        shape(point.role), at: (point.compute, loss - floor),
        ink: multipliers.ink(point.tokenMultiplier),
        tooltip: "\(point.run): loss \(Numbers.fixed(loss, 4)), \(point.role.rawValue)",
        size: point.role == .replicate ? 3 : 5)
    }
  }

  private func drawPredictions(_ chart: inout Chart, _ predictions: [Prediction], floor: Double) {
    for p in predictions {
      // Beside the measured mark, so that neither hides the other.
      let at = p.compute * pow(chart.x.domain.upperBound / chart.x.domain.lowerBound, 0.012)
      let height = p.loss.predicted - floor
      if let low = p.loss.low, let high = p.loss.high {
        chart.whisker(
          x: at, max(low - floor, chart.y.domain.lowerBound * 0.5)...(high - floor), ink: "ink")
      }
      chart.mark(
        .hollowDiamond, at: (at, height), ink: "ink",
        tooltip: "\(p.run): predicted \(Numbers.fixed(p.loss.predicted, 4))", size: 4.2)
    }
    for p in predictions {
      guard let point = data.points.first(where: { $0.run == p.run }) else { continue }
      let height = (p.loss.actual ?? p.loss.predicted) - floor
      chart.text(shortName(point), near: (p.compute, height), ink: "ink", leftward: true)
    }
  }

  /// Held-out runs are drawn last, on top.
  private func order(_ role: Role) -> Int {
    switch role {
    case .validate: 0
    case .replicate: 1
    case .fit: 2
    case .holdout: 3
    }
  }
}
