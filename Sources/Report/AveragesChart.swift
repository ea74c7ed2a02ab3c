import Foundation
import ScalingLaws

/// How the error of a predicted average falls with the number of tasks in it.
public struct AveragesChart {
  private let averages: TaskAverages

  /// - Parameter averages: what to draw
  public init(averages: TaskAverages) { self.averages = averages }

  /// The drawing; nil with fewer than two numbers of tasks.
  func draw(width: Double, height: Double) -> Chart? {
    let counts = averages.byCount
    guard counts.count >= 2, let first = counts.first, let last = counts.last else { return nil }
    let values = counts.flatMap { [$0.range.lowerBound, $0.range.upperBound, $0.heldOut] }
      .compactMap(\.self)
    let narrow = width < 500
    var chart = Chart(
      width: width, height: height,
      margins: Chart.Margins(left: 66, right: narrow ? 20 : 72),
      x: Double(first.tasks) * 0.85...Double(last.tasks) * 1.18, logX: true,
      y: 0...(values.max() ?? 1) * 1.06, logY: false,
      label: "Relative error of predicted averages by number of tasks")
    chart.axes(
      x: "tasks in the average", y: "relative error of the prediction", percentY: true)
    chart.line(counts.map { (Double($0.tasks), $0.median) }, ink: "ink")
    for count in counts {
      chart.whisker(x: Double(count.tasks), count.range, ink: "ink")
      chart.mark(
        .disc, at: (Double(count.tasks), count.median), ink: "ink",
        tooltip: "\(count.tasks) tasks: median \(Numbers.percent(count.median)), 80 % between"
          + " \(Numbers.percent(count.range.lowerBound)) and"
          + " \(Numbers.percent(count.range.upperBound))")
      if let held = count.heldOut {
        chart.mark(
          .diamond, at: (Double(count.tasks), held), ink: "muted",
          tooltip: "\(count.tasks) tasks: median on the held-out runs \(Numbers.percent(held))")
      }
    }
    return chart
  }

  /// An SVG file of its own, light and dark.
  public var svg: String {
    guard var chart = draw(width: 900, height: 440) else {
      return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"/>"
    }
    chart.legend([(.disc, "small runs, median"), (.diamond, "held-out runs")])
    return chart.svg(
      style: Palette.chartCSS + Palette.css(count: 1) + "svg{background:var(--paper)}")
  }
}

extension TaskAverages {
  /// The study for a terminal.
  public var text: String {
    func share(_ value: Double?) -> String { value.map { Numbers.percent($0) } ?? "–" }
    var table = Table(columns: ["average over", "tasks", "backtest", "constant", "held-out runs"])
    for average in byThreshold + [chosen].compactMap(\.self) {
      table.add([
        average.name, "\(average.tasks.count)", share(average.backtest), share(average.constant),
        share(average.heldOut),
      ])
    }
    var counts = Table(columns: ["tasks drawn", "median", "10 %", "90 %", "held-out runs"])
    for count in byCount {
      counts.add([
        "\(count.tasks)", share(count.median), share(count.range.lowerBound),
        share(count.range.upperBound), share(count.heldOut),
      ])
    }
    let subset = chosen.map { "\n\nchosen: \($0.tasks.joined(separator: ", "))" } ?? ""
    return table.rendered + "\n\n" + counts.rendered + subset
      + "\n\nmean relative error of averages over the third of \(runs) small runs with the least loss,"
      + " by the error law of the others; constant: the guess that nothing changes; the subset was"
      + " chosen on those others alone; sets are drawn from tasks 5 points below guessing"
  }
}
