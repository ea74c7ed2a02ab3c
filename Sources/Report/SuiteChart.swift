import Experiment
import ScalingLaws

extension SuiteStudy {
  /// Average error against loss over the nested selection of tasks, or over all without one, with
  /// the law of the cheap half, as an SVG file.
  public var svg: String {
    let chosen = averages.first { $0.name == "nested selection" }?.tasks
    let names = chosen ?? self.tasks.map(\.task)
    let tasks = self.tasks.filter { names.contains($0.task) }
    let half = ladder.count / 2
    let points = ladder.map { (loss: $0.loss, error: $0.average(named: names)) }
    let chance = tasks.reduce(0) { $0 + $1.chance } / Double(tasks.count)
    let domain = paddedDomain(points.map(\.loss), logarithmic: false)
    var chart = Chart(
      width: 900, height: 460, margins: Chart.Margins(left: 66, right: 40), x: domain, logX: false,
      y: paddedDomain(points.map(\.error) + [chance], logarithmic: false), logY: false,
      label: "Average error over \(tasks.count) generated tasks against validation loss")
    chart.axes(
      x: "validation loss, nats per token",
      y: "average top-1 error over \(tasks.count) tasks", percentY: true)
    let edges = [(domain.lowerBound, chance), (domain.upperBound, chance)]
    chart.line(edges, ink: "muted", dashed: true, thin: true)
    if let law = ErrorLaw(fitting: Array(points[..<half])) {
      let curve = (0...80).map { i in
        let loss = domain.lowerBound + (domain.upperBound - domain.lowerBound) * Double(i) / 80
        return (loss, law.error(atLoss: loss))
      }
      chart.line(curve, ink: "ink")
    }
    let multipliers = Array(Set(ladder.map(\.tokenMultiplier))).sorted()
    for (i, (run, point)) in zip(ladder, points).enumerated() {
      let ink = "m\(multipliers.firstIndex(of: run.tokenMultiplier) ?? 0)"
      chart.mark(
        i < half ? .disc : .diamond, at: point, ink: ink,
        tooltip: "\(run.label): loss \(Numbers.fixed(point.loss, 3)), "
          + "error \(Numbers.percent(point.error, 1))")
    }
    chart.text("guessing", near: edges[0], ink: "muted")
    for (run, point) in zip(ladder, points) { chart.text(run.label, near: point, ink: "ink") }
    chart.legend([(.disc, "cheap half: fitted"), (.diamond, "dear half: not seen")])
    return chart.svg(
      style: Palette.chartCSS + Palette.css(count: multipliers.count)
        + "svg{background:var(--paper)}")
  }
}
