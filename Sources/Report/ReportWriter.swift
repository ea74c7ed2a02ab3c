import Experiment
import Foundation
import Mustache
import ScalingLaws

/// Writes a report: one HTML file that holds everything it shows.
public struct ReportWriter {
  /// Writes the page of `contents` in one step.
  public static func write(_ contents: ReportContents, to url: URL) throws(UserError) {
    try DurableFile.write(Data(html(contents).utf8), to: url)
  }

  /// Writes a report of `fit`, with loss curves where `store` has them.
  public static func write(
    store: RunStore?, fit: Fit, corpus: CorpusManifest? = nil, to url: URL
  ) throws(UserError) {
    var contents = ReportContents(fit: fit)
    if let store { try contents.add(store: store) }
    contents.corpus = corpus
    try write(contents, to: url)
  }

  /// The page as text.
  public static func html(_ contents: ReportContents) throws(UserError) -> String {
    do {
      let page = try MustacheTemplate(
        string: PageTemplate.html.replacingOccurrences(
          of: "{{{legend}}}", with: PageTemplate.legend))
      return page.render(PageModel(contents))
    } catch {
      throw UserError(.failure, "cannot fill the page: \(error)")
    }
  }

  /// The chart of loss against compute as a file of its own, light and dark.
  public static func lossChart(_ contents: ReportContents) -> String {
    let multipliers = Multipliers(contents.data.points)
    var chart = LawChart(data: contents.data, fit: contents.fit, multipliers: multipliers)
      .draw(width: 900, height: 500)
    chart.legend([
      (.disc, "fitted"), (.ring, "validation"), (.diamond, "held out, measured"),
      (.hollowDiamond, "held out, predicted"),
    ])
    return chart.svg(
      style: Palette.chartCSS + Palette.css(count: max(1, multipliers.values.count))
        + "svg{background:var(--paper)}")
  }
}
