import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write one HTML page: laws, held-out predictions, curves and tables.",
    discussion: """
      SOURCE is a folder of a fit (data/fits/<name>), a folder of runs or a CSV file; the last two \
      are fitted first. The page loads nothing, so it can be mailed.

      Example:
        overtrain report data/fits/demo
        overtrain report runs.csv -o report.html --svg loss.svg
      """)

  @Argument(help: "Fit, folder of runs, or CSV file.") var source: String
  @Option(
    name: .shortAndLong,
    help: "HTML file to write; without it, report.html in the fit's folder, data/fits/<name>.")
  var output: String?
  @Option(help: "Also write the chart of loss against compute as SVG.") var svg: String?
  @Option(help: "Objective, where SOURCE is not a fit.") var objective: Objective = .log
  @Option(help: "Law, where SOURCE is not a fit.") var law: LawKind = .overTraining
  @OptionGroup var selection: RunSelection
  @Option(help: "Manifest of the corpus; without it, data/corpora/<corpus>/manifest.json.")
  var manifest: String?

  func run() throws {
    var contents = try contents()
    try contents.addRuns(manifest: manifest)
    let page =
      output.map { URL(fileURLWithPath: $0) }
      ?? Self.folder(of: URL(fileURLWithPath: source), named: contents.name)
      .appendingPathComponent("report.html")
    try ReportWriter.write(contents, to: page)
    if let svg {
      let chart = ReportWriter.lossChart(contents)
      try DurableFile.write(Data(chart.utf8), to: URL(fileURLWithPath: svg))
    }
    print(contents.headline)
    print("written: \(([page.relativePath] + [svg].compactMap(\.self)).joined(separator: ", "))")
  }

  /// A stored fit, or a new one; runs that identify no law still get their curves and table.
  private func contents() throws -> ReportContents {
    let url = URL(fileURLWithPath: source)
    if Self.isFit(url) { return ReportContents(fit: try Fit.read(url)) }
    let data = try selection.data(url)
    var options = FitOptions()
    (options.law, options.objective) = (law, objective)
    let name = url.deletingPathExtension().lastPathComponent
    do {
      return ReportContents(fit: try Fit(data, options: options, name: name))
    } catch {
      FileHandle.standardError.write(Data("warning: no law: \(error)\n".utf8))
      return ReportContents(data: data, refusal: error.what, name: name)
    }
  }

  /// Where a report goes by default: beside `fit.json`.
  private static func folder(of source: URL, named name: String) -> URL {
    guard isFit(source) else { return URL(fileURLWithPath: "data/fits/\(name)") }
    return source.lastPathComponent == "fit.json" ? source.deletingLastPathComponent() : source
  }

  private static func isFit(_ url: URL) -> Bool {
    url.lastPathComponent == "fit.json"
      || FileManager.default.fileExists(atPath: url.appendingPathComponent("fit.json").path)
  }
}

extension ReportContents {
  /// Adds records, curves and the corpus, where the runs still lie in their folder.
  mutating func addRuns(manifest: String? = nil) throws {
    let runs = URL(fileURLWithPath: data.source)
    if runs.isFolder { try add(store: RunStore(runs)) }
    let guess = records.first.map { "data/corpora/\($0.config.corpus)/manifest.json" }
    guard let path = manifest ?? guess,
      manifest != nil || FileManager.default.fileExists(atPath: path)
    else { return }
    corpus = try StableJSON.decode(CorpusManifest.self, from: URL(fileURLWithPath: path))
  }
}
