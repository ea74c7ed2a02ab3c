import Experiment
import Foundation
import Testing
import Training

/// A log has every step once, whatever was cut off.
struct MetricsLogTests {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).jsonl")

  func line(_ step: Int) -> [String: Double] {
    ["step": Double(step), "tokens": Double(8 * step), "train/loss": 1 / Double(step)]
  }

  @Test func resumingDropsLaterStepsAndTornLines() throws {
    defer { try? FileManager.default.removeItem(at: url) }
    let log = try MetricsLog(url, resumingAt: 0)
    for step in 1...5 { try log.append(line(step)) }
    let handle = try FileHandle(forWritingTo: url)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(#"{"step":6,"tok"#.utf8))
    let resumed = try MetricsLog(url, resumingAt: 3)
    for step in 4...5 { try resumed.append(line(step)) }
    let fresh = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).jsonl")
    defer { try? FileManager.default.removeItem(at: fresh) }
    let uninterrupted = try MetricsLog(fresh, resumingAt: 0)
    for step in 1...5 { try uninterrupted.append(line(step)) }
    #expect(try Data(contentsOf: url) == Data(contentsOf: fresh))
  }

  @Test func resumingDropsTheFinalEvaluation() throws {
    defer { try? FileManager.default.removeItem(at: url) }
    let log = try MetricsLog(url, resumingAt: 0)
    try log.append(line(1))
    let before = try Data(contentsOf: url)
    try log.append(["step": 1, "tokens": 8, "val/val/loss": 2])
    _ = try MetricsLog(url, resumingAt: 1)
    #expect(try Data(contentsOf: url) == before)
  }

  @Test func unwritableFolderSaysSo() {
    let url = URL(fileURLWithPath: "/proc/none/metrics.jsonl")
    #expect { try MetricsLog(url, resumingAt: 0) } throws: {
      ($0 as? UserError)?.kind == .io && ($0 as? UserError)?.location == url.path
    }
  }
}
