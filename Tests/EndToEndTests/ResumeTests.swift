import Experiment
import Foundation
import Testing

/// A small grid on synthetic text, stopped in every way there is: it ends with the same bytes.
@Suite(.serialized)
struct ResumeTests {
  static let corpus = """
    name: chain
    tokenizer: { vocabularySize: 256 }
    validationShare: 0.2
    sources:
      - { registry: synthetic, bytes: 400000, seed: 3 }
    """
  static let grid = """
    name: g
    corpora: chain
    model:
      contextLength: 32
      sizes:
        a: { width: 16, layers: 1, heads: 2 }
        b: { width: 32, layers: 2, heads: 2 }
    training: { batchTokens: 512, slots: 2, microbatchTokens: 128 }
    evaluation: { validationTokens: 4096 }
    tokenMultipliers: [10, 5]
    """

  static func prepare(_ program: Program) throws {
    try program.write(corpus, to: "chain.yaml")
    try program.write(grid, to: "g.yaml")
    let data = try program.run("data", "chain.yaml")
    #expect(data.status == 0, "\(data.errors)")
  }

  /// Every record, log (without timings) and final checkpoint of the grid's folder.
  static func results(_ program: Program, _ runs: String) throws -> [String: String] {
    let folder = program.folder.appendingPathComponent(runs).appendingPathComponent("g")
    var results: [String: String] = [:]
    for case let url as URL in FileManager.default.enumerator(
      at: folder, includingPropertiesForKeys: nil) ?? .init()
    {
      let name = url.path.replacingOccurrences(of: folder.path, with: "")
      switch url.lastPathComponent {
      case "record.json", "COMPLETE", "config.yaml", "cells.json":
        results[name] = try String(contentsOf: url, encoding: .utf8)
      case "metrics.jsonl":
        results[name] = try String(contentsOf: url, encoding: .utf8).replacing(
          /"(throughput|check)[^,}]*/, with: "")
      default: break
      }
    }
    return results
  }

  /// Killed before ever later calls, with one worker and with two, and a checkpoint after nearly every
  /// step.
  @Test func killsAndWorkersLeaveNoTrace() throws {
    let program = try Program()
    defer { program.remove() }
    try Self.prepare(program)
    let whole = try program.run("sweep", "g.yaml", "--runs", "whole", "--cores", "1")
    #expect(whole.status == 0, "\(whole.errors)")
    let expected = try Self.results(program, "whole")
    #expect(expected.count == 4 * 4 + 1)
    guard let faults = Faults(program.folder.appendingPathComponent("killed")) else { return }
    for attempt in 1...5 {
      let arguments = [
        "sweep", "g.yaml", "--runs", "killed", "--cores", "\(1 + attempt % 2)",
        "--checkpoint-seconds", "0.01",
      ]
      let killed = try program.run(
        arguments, environment: faults.environment(at: 30 * attempt * attempt))
      #expect(killed.status == -SIGKILL || attempt > 1, "\(killed.errors)")
    }
    let last = try program.run("sweep", "g.yaml", "--runs", "killed", "--cores", "2")
    #expect(last.status == 0, "\(last.errors)")
    #expect(try Self.results(program, "killed") == expected)
    let again = try program.run("sweep", "g.yaml", "--runs", "killed")
    #expect(again.errors.contains("0 to do"))
  }
}
