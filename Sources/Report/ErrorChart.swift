import Experiment
import Foundation
import ScalingLaws

/// Average error against loss, with the fitted curve and the error of guessing.
struct ErrorChart {
  let data: LawData
  let fit: Fit?
  let multipliers: Multipliers

  /// Draws it; nil when no run has both numbers.
  func draw(width: Double, height: Double) -> Chart? {
    let points = data.points.filter { $0.loss != nil && $0.error != nil }
    guard !points.isEmpty else { return nil }
    let predictions = (fit?.predictions ?? []).filter { $0.error != nil }
    let losses = points.compactMap(\.loss) + predictions.map(\.loss.predicted)
    let errors =
      points.compactMap(\.error) + predictions.compactMap(\.error?.predicted)
      + (data.chance.map { [$0] } ?? [])
    let low = (errors.min() ?? 0) - 0.25 * ((errors.max() ?? 1) - (errors.min() ?? 0))
    let ends = predictions.flatMap { [$0.error?.low, $0.error?.high] }.compactMap { $0 }
      .map { max($0, low) }
    let narrow = width < 500
    let domain = paddedDomain(losses, logarithmic: false)
    var chart = Chart(
      width: width, height: height,
      margins: Chart.Margins(left: narrow ? 64 : 66, right: narrow ? 20 : 72), x: domain,
      logX: false, y: paddedDomain(errors + ends, logarithmic: false), logY: false,
      label: "Average downstream error against validation loss")
    chart.axes(
      x: "validation loss, nats per token", y: "average top-1 error", percentY: true)
    if let chance = data.chance {
      chart.line(
        [(domain.lowerBound, chance), (domain.upperBound, chance)], ink: "muted", dashed: true,
        thin: true)
    }
    if let fit, fit.error(atLoss: domain.lowerBound) != nil {
      let curve = (0...80).compactMap { i -> (Double, Double)? in
        let loss =
          domain.lowerBound + (domain.upperBound - domain.lowerBound) * Double(i) / 80
        return fit.error(atLoss: loss).map { (loss, $0) }
      }
      chart.line(curve, ink: "ink")
    }
    for point in points {
      guard let loss = point.loss, let error = point.error else { continue }
      chart.mark(
        shape(point.errorRole), at: (loss, error), ink: multipliers.ink(point.tokenMultiplier),
        tooltip: "\(point.run): loss \(Numbers.fixed(loss, 3)), error \(Numbers.percent(error, 1))",
        size: point.role == .replicate ? 3 : 5)
    }
    for p in predictions {
      guard let error = p.error else { continue }
      if let low = error.low, let high = error.high {
        chart.whisker(x: p.loss.predicted, low...high, ink: "ink")
      }
      chart.mark(
        .hollowDiamond, at: (p.loss.predicted, error.predicted), ink: "ink",
        tooltip: "\(p.run): predicted \(Numbers.percent(error.predicted, 1))", size: 4.2)
    }
    if let chance = data.chance {
      chart.text("guessing", near: (domain.lowerBound, chance), ink: "muted")
    }
    for p in predictions {
      guard let point = data.points.first(where: { $0.run == p.run }) else { continue }
      chart.text(
        shortName(point),
        near: (p.loss.actual ?? p.loss.predicted, p.error?.actual ?? p.error?.predicted ?? 0),
        ink: "ink")
    }
    return chart
  }
}
