import Corpus
import Experiment
import Foundation
import Testing
import Training

/// Any changed byte of any file is found, with its place, and a file cut off: in `make test-torture` all bytes of
/// headers and small files and a sample of bodies, in `make test` a sample of both.
struct CorruptionTests {
  /// Changes bytes of the file at `url` one at a time, and cuts it off; expects a complaint of each
  /// that names the file and bytes that the change is among.
  func corrupt(
    _ url: URL, header: Int, samples: Int, _ complaint: () -> String?
  ) throws -> Int {
    let good = try Data(contentsOf: url)
    defer { try? good.write(to: url) }
    let name = url.lastPathComponent
    #expect(complaint() == nil, "\(name) is not accepted to begin with")
    var random = RandomSource(seed: 11)
    // All of it in `make test-torture`, as many places as of a body in `make test`.
    var places = Array(0..<min(header, good.count))
    if !Faults.isExhaustive { places = Array(places.shuffled(using: &random).prefix(samples)) }
    if good.count > header {
      places += (0..<samples).map { _ in header + random.integer(below: good.count - header) }
    }
    var accepted: [String] = []
    func expectComplaint(_ change: String, at place: Int) {
      guard let found = complaint() else { return accepted.append(change) }
      // A digest in COMPLETE that is not that of its file says nothing of which of them is right.
      if !found.contains(name == "COMPLETE" ? "checkpoints/step-" : name) {
        accepted.append("\(change), not named: \(found)")
      } else if !Self.bytes(named: found).contains(place) {
        accepted.append("\(change), without its place: \(found)")
      }
    }
    for place in places {
      var bad = good
      bad[place] ^= UInt8(1 << random.integer(below: 8))
      try bad.write(to: url)
      expectComplaint("byte \(place)", at: place)
    }
    for length in [0, 1, good.count / 2, good.count - 1] {
      try good.prefix(length).write(to: url)
      expectComplaint("cut at \(length)", at: length)
    }
    #expect(accepted.isEmpty, "\(name): \(accepted)")
    return places.count + 4
  }

  /// "bytes 4 to 9", or those from "byte 4" on: a line, a header's field, or the end.
  static func bytes(named message: String) -> ClosedRange<Int> {
    if let match = message.firstMatch(of: /bytes ([0-9]+) to ([0-9]+)/) {
      return (Int(match.1) ?? 0)...(Int(match.2) ?? 0)
    }
    guard let match = message.firstMatch(of: /byte ([0-9]+)/) else { return -1...(-1) }
    return (Int(match.1) ?? 0)...Int.max
  }

  @Test func everyChangeIsFound() throws {
    let tests = GridSweepTests()
    defer { try? FileManager.default.removeItem(at: tests.folder) }
    let corpus = try tests.corpus()
    let cells = Array(try tests.cells(corpus).prefix(1))
    let store = try tests.sweep(cells, corpus)
    let run = store.runFolder(cells[0].id)
    let samples = Faults.number
    var flips: [String: Int] = [:]

    func complaint(_ body: () throws -> Void) -> String? {
      do { try body() } catch { return "\(error)" }
      return nil
    }
    for (name, header) in [
      ("train.bin", 1024), ("val.bin", 1024), ("manifest.json", 100_000), ("tokenizer.json", 200),
    ] {
      flips[name] = try corrupt(
        corpus.folder.appendingPathComponent(name), header: header, samples: samples
      ) { complaint { _ = try TokenizedCorpus(opening: corpus.folder, verifying: true) } }
    }
    flips["record.json"] = try corrupt(
      run.appendingPathComponent("record.json"), header: 100_000, samples: samples
    ) { complaint { _ = try store.record(for: cells[0].id) } }

    let trainer = try Trainer(cells[0].config, corpus: corpus)
    let checkpoints = run.appendingPathComponent("checkpoints")
    let step = try #require(
      FileManager.default.contentsOfDirectory(atPath: checkpoints.path).first {
        $0.hasPrefix("step-")
      })
    for (name, header) in [
      ("model.safetensors", 800), ("optimizer.safetensors", 800), ("state.json", 400),
      ("COMPLETE", 400),
    ] {
      flips[name] = try corrupt(
        checkpoints.appendingPathComponent("\(step)/\(name)"), header: header, samples: samples
      ) {
        var said: String?
        let problem = complaint {
          _ = try CheckpointStore(run).restore(trainer, runID: cells[0].id) { said = $0 }
          // What was set aside goes back to its place.
          let manager = FileManager.default
          for name in try manager.contentsOfDirectory(atPath: checkpoints.path)
          where name.hasPrefix("invalid-") {
            try manager.moveItem(
              at: checkpoints.appendingPathComponent(name),
              to: checkpoints.appendingPathComponent(step))
          }
        }
        return problem ?? said
      }
    }

    // A changed line ends what is taken of the log, so that the lines after are written again.
    let log = run.appendingPathComponent("metrics.jsonl")
    let last = cells[0].config.training.steps
    let lines = MetricsLog.intact(log).lines(through: last)
    let text = try Data(contentsOf: log)
    // Behind the training lines is that of the evaluation, which is always written again.
    let training = text.dropLast().lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    try text.prefix(training).write(to: log)
    flips["metrics.jsonl"] = try corrupt(log, header: 600, samples: samples) {
      let intact = MetricsLog.intact(log)
      return intact.lines(through: last) == lines ? nil : intact.damage
    }
    print("corruption: changes found by file: \(flips.sorted { $0.key < $1.key })")
  }

  private enum Faults {
    static let wanted = ProcessInfo.processInfo.environment["OVERTRAIN_FLIPS"].flatMap { Int($0) }
    static let isExhaustive = wanted != nil
    static let number = wanted ?? 60
  }
}
