import Experiment
import Foundation
import ScalingLaws
import Testing

/// From numbers back to runs.
struct ExplainTests {
  @Test(arguments: [
    ("1.7358", 1.7358, 1.73584, 1.7359), ("0.84 %", 0.0084, 0.00836, 0.0085),
    ("20.1k", 20100, 20149, 20200), ("1.1e12", 1.1e12, 1.14e12, 1.2e12),
    ("2.4 × 10^19", 2.4e19, 2.44e19, 2.5e19), ("2.4·10¹⁹", 2.4e19, 2.36e19, 2.3e19),
    ("2.8×", 2.8, 2.75, 2.9), ("−0.5", -0.5, -0.54, -0.6), ("320", 320, 319.6, 321),
  ])
  func queries(text: String, exact: Double, near: Double, far: Double) throws {
    let query = try #require(FigureQuery(text))
    #expect(query.range.contains(exact) && query.range.contains(near))
    #expect(!query.range.contains(far))
  }

  @Test(arguments: ["alpha", "", "e20", "1.2.3", "%", "loss predicted"])
  func names(text: String) { #expect(FigureQuery(text) == nil) }

  @Test func figuresOfAFit() throws {
    let fit = try FitFileTests.fit()
    let figures = fit.figures
    func figure(_ name: String) throws -> Figure {
      try #require(figures.first { $0.name == name }, "\(name)")
    }
    let predicted = try figure("loss predicted for 7b")
    #expect(predicted.value == fit.predictions[0].loss.predicted)
    #expect(predicted.runs == ["r0", "r1", "r2", "r3", "r4"])
    #expect(predicted.derivation.contains("paper"))
    #expect(try figure("loss measured for 7b").runs == ["7b"])
    #expect(try figure("relative error of the loss predicted for 7b").runs.first == "7b")
    // The error law has a sixth run.
    #expect(try figure("gamma").runs.count == 6)
    #expect(try figure("eta").runs.count == 5)
    #expect(try figure("loss of r2").value == 3.432646)
    #expect(figures.matching(try #require(FigureQuery("2.2799"))).count >= 1)
  }

  /// Every number in fit.json's own part, at whatever depth, is a figure.
  @Test func everyNumberOfTheFileIsExplained() throws {
    let fit = try FitFileTests.fit()
    var json = try FitFileTests.json(fit)
    for key in ["data", "options", "version"] { json[key] = nil }
    let values = fit.figures.map(\.value)
    func missing(_ value: Any, _ path: String) -> [String] {
      switch value {
      case let object as [String: Any]:
        return object.flatMap { missing($0.value, "\(path).\($0.key)") }
      case let array as [Any]:
        return array.enumerated().flatMap { missing($0.element, "\(path)[\($0.offset)]") }
      case let number as NSNumber:
        let v = number.doubleValue
        return values.contains { abs($0 - v) <= 1e-12 * abs(v) } ? [] : ["\(path) = \(v)"]
      default: return []
      }
    }
    #expect(missing(json, "") == [])
  }

  @Test func sourceIsWatched() throws {
    let url = UserCommandTests.file("runs.csv")
    defer { try? FileManager.default.removeItem(at: url) }
    let text = BadInputTests.csv(BadInputTests.good)
    try text.write(to: url, atomically: true, encoding: .utf8)
    let data = try LawData(csv: url)
    #expect(data.sourceDigest?.count == 64)
    #expect(data.sourceState == "unchanged")
    try (text + "\n2e9,4e10,2.5,0.5,g,holdout").write(to: url, atomically: true, encoding: .utf8)
    #expect(data.sourceState == "changed since")
    try FileManager.default.removeItem(at: url)
    #expect(data.sourceState == "gone")
  }
}
