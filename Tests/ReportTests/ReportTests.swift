import Experiment
import Foundation
import Report
import ScalingLaws
import Testing

/// The page, from made-up records.
struct ReportTests {
  /// A page and the contents that it shows.
  static func page() throws -> (html: String, contents: ReportContents) {
    var result: (String, ReportContents)?
    try SampleRuns.inFolder { folder in
      let store = try SampleRuns.write(to: folder.appendingPathComponent("demo"))
      var options = FitOptions()
      options.draws = 200
      let fit = try Fit(LawData(runs: store), options: options, name: "demo")
      var contents = ReportContents(fit: fit)
      try contents.add(store: store)
      let url = folder.appendingPathComponent("report.html")
      try ReportWriter.write(contents, to: url)
      result = (try String(contentsOf: url, encoding: .utf8), contents)
    }
    return try #require(result)
  }

  @Test func holdsEverything() throws {
    let (html, contents) = try Self.page()
    let fit = try #require(contents.fit)
    for prediction in fit.predictions {
      #expect(html.contains(prediction.run))
      #expect(html.contains(Numbers.fixed(prediction.loss.predicted, 4)))
      #expect(html.contains(Numbers.percent(prediction.loss.relativeError ?? .nan)))
    }
    for point in contents.data.points { #expect(html.contains(">\(point.run)<")) }
    #expect(html.contains("diverged at step 120"))
    #expect(html.contains("no record yet"))
    #expect(html.contains("guessing"))
    #expect(contents.curves.count == 15)
    #expect(html.components(separatedBy: "<svg xmlns").count - 1 == 6, "three figures, two widths")
  }

  /// `explain` knows every number in every table of the page.
  @Test func everyFigureIsExplained() throws {
    let (html, contents) = try Self.page()
    let figures = try #require(contents.fit).figures
    var unknown: [String] = []
    var count = 0
    for cell in html.matches(of: #/<td[^>]*>(.*?)<\/td>/#) {
      let text = cell.1.replacing(#/<[^>]*>/#, with: " ")
      for number in text.matches(of: #/(?:^|\s)([−-]?\d[\d.]*(?:e\d+)?[kMBT]?(?:\s?%)?)(?=\s|$)/#) {
        count += 1
        guard let query = FigureQuery(String(number.1)) else {
          unknown.append("\(number.1): no number")
          continue
        }
        if figures.matching(query).isEmpty { unknown.append("\(number.1) in \(text)") }
      }
    }
    #expect(count > 150)
    #expect(unknown == [])
  }

  /// What was left out, and the checklist, are on the page.
  @Test func inAndOut() throws {
    let (html, contents) = try Self.page()
    #expect(html.contains("Runs in and out"))
    #expect(html.contains("15 runs in (5 fit, 3 validate, 3 held out, 4 replicate), 2 left out"))
    let fit = try #require(contents.fit)
    for fact in fit.checklist { #expect(html.contains(">\(fact.name)<"), "\(fact.name)") }
    for name in ["Optimiser", "Learning rate and schedule", "Batch and steps", "Data"] {
      let fact = try #require(fit.checklist.first { $0.name == name })
      #expect(!fact.value.contains("not stated"), "\(fact)")
    }
    #expect(html.contains("If the conventions were others"))
  }

  /// Nothing is loaded, and nothing needs a script.
  @Test func isSelfContained() throws {
    let (html, _) = try Self.page()
    for word in ["<script", "src=", "<link", "@import", "url("] {
      #expect(!html.contains(word), "\(word)")
    }
    let links = html.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
    #expect(!links.contains("http"))
    #expect(html.contains("prefers-color-scheme:dark"))
  }

  /// Every tag that is opened is closed, so that no browser has to guess.
  @Test func isWellFormed() throws {
    let (html, contents) = try Self.page()
    let body = html.replacingOccurrences(of: "<!doctype html>", with: "")
      .replacing(#/<meta[^>]*>/#, with: "")
    #expect(try XMLChecker.problem(body) == nil)
    #expect(try XMLChecker.problem(ReportWriter.lossChart(contents)) == nil)
  }

  @Test func headlines() throws {
    let (_, contents) = try Self.page()
    let fit = try #require(contents.fit)
    #expect(contents.headline.hasPrefix("Predicted the loss of 3 held-out runs within "))
    let worst = try #require(fit.predictions.compactMap(\.loss.relativeError).max())
    let share = try #require(contents.headline.firstMatch(of: #/within ([0-9.]+) %/#)?.1)
    #expect(try #require(Double(share)) >= worst * 100, "rounded up")
    let none = ReportContents(data: contents.data, refusal: "one ray", name: "x")
    #expect(none.headline.contains("no law"))
    #expect(try ReportWriter.html(none).contains("one ray"))
  }

  /// Names and reasons come from files: they are text, never markup.
  @Test func escapesNames() throws {
    let (_, contents) = try Self.page()
    var data = contents.data
    data.excluded.append(.init(run: "<b>x</b>", reason: "a < b & \"c\""))
    let points = data.points
    data.points = points.map {
      LawPoint(
        run: $0.run == "e20" ? "<i>e20" : $0.run, parameters: $0.parameters, tokens: $0.tokens,
        loss: $0.loss, error: $0.error, role: $0.role)
    }
    var options = FitOptions()
    options.draws = 20
    let html = try ReportWriter.html(ReportContents(fit: Fit(data, options: options)))
    #expect(!html.contains("<b>x</b>") && !html.contains("<i>e20"))
    #expect(html.contains("&lt;i&gt;e20"))
  }

  /// A stored fit gives the same page as the fit itself.
  @Test func storedFit() throws {
    try SampleRuns.inFolder { folder in
      let store = try SampleRuns.write(to: folder.appendingPathComponent("demo"))
      var options = FitOptions()
      options.draws = 50
      let fit = try Fit(LawData(runs: store), options: options, name: "demo")
      let place = folder.appendingPathComponent("fits/demo")
      try fit.write(to: place)
      let read = try Fit.read(place)
      #expect(
        try ReportWriter.html(ReportContents(fit: read))
          == ReportWriter.html(ReportContents(fit: fit)))
    }
  }
}

/// Counts tags: enough to see an unclosed or a misnested one.
enum XMLChecker {
  static func problem(_ text: String) throws -> String? {
    var open: [Substring] = []
    for match in text.matches(of: #/<(\/?)([a-zA-Z0-9]+)[^>]*?(\/?)>/#) {
      let (_, closing, name, selfClosing) = match.output
      if !selfClosing.isEmpty { continue }
      if closing.isEmpty {
        open.append(name)
      } else if open.popLast() != name {
        return "</\(name)> closes nothing"
      }
    }
    return open.isEmpty ? nil : "left open: \(open.joined(separator: ", "))"
  }
}
