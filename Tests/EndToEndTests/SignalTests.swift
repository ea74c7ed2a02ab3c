import Experiment
import Foundation
import Testing

/// SIGINT and SIGTERM while a corpus is made and a grid is trained and measured: the program leaves
/// within 5 seconds, and goes on to the same bytes. OVERTRAIN_SIGNALS sets how many are tried.
@Suite(.serialized)
struct SignalTests {
  /// The seconds that the program may take to leave; more where a sanitizer makes it slow.
  private static let limit = 5 * Double(Faults.number("OVERTRAIN_SLOWDOWN") ?? 1)

  /// The program's seconds from the call at which the signal came to its end.
  private func seconds(since faults: Faults) -> Double {
    Faults.now - (faults.calls().last?.seconds ?? 0)
  }

  private func prepare(_ program: Program) throws -> [String: String] {
    try TortureTests.prepare(program)
    #expect(try program.run("data", "chain.yaml").status == 0)
    #expect(try program.run("sweep", "g.yaml", "--runs", "whole").status == 0)
    return try ResumeTests.results(program, "whole")
  }

  @Test func sweepSavesAndLeaves() throws {
    let program = try Program()
    defer { program.remove() }
    let expected = try prepare(program)
    guard let faults = Faults(program.folder.appendingPathComponent("r")) else { return }
    var random = RandomSource(seed: 5)
    var slowest = 0.0
    let wanted = Faults.number("OVERTRAIN_SIGNALS") ?? 4
    for trial in 0..<wanted {
      let signal = [SIGINT, SIGTERM][trial % 2]
      let environment = faults.environment(
        .signals([signal]), at: 1 + random.integer(below: trial == 0 ? 10 : 600))
      let left = try program.run(
        ["sweep", "g.yaml", "--runs", "r", "--cores", "\(1 + trial / 2 % 2)"],
        environment: environment)
      // Calls after that of the signal are those that save.
      let calls = faults.calls()
      let number = Int(environment["FAULT_AT"] ?? "") ?? 0
      if calls.count >= number {
        slowest = max(slowest, Faults.now - calls[number - 1].seconds)
        #expect(left.status == 128 + signal, "\(left.status) \(left.errors)")
      } else {
        // It had ended before that call.
        #expect(left.status == 0, "\(left.status) \(left.errors)")
      }
      #expect(try program.run("sweep", "g.yaml", "--runs", "r").status == 0)
      #expect(try ResumeTests.results(program, "r") == expected)
      try FileManager.default.removeItem(at: faults.folder)
    }
    #expect(slowest < Self.limit)
    print("signals: \(wanted) during a sweep, left in at most \(slowest) s, all went on identical")
  }

  /// Between the last checkpoint and the first answer there is nothing but evaluation.
  @Test(arguments: [SIGINT, SIGTERM]) func evaluationIsLeft(signal: Int32) throws {
    let program = try Program()
    defer { program.remove() }
    let expected = try prepare(program)
    guard let faults = Faults(program.folder.appendingPathComponent("r")) else { return }
    let arguments = ["train", "g.yaml", "--run", "b10", "--runs", "r"]
    let left = try program.run(
      arguments,
      environment: faults.environment(
        .signals([signal]), at: 1, site: "fsync */checkpoints/.step-00000653.tmp"))
    #expect(left.status == 128 + signal, "\(left.errors)")
    #expect(seconds(since: faults) < Self.limit)
    #expect(!faults.calls().contains { $0.path.contains("/eval") })
    #expect(try program.run("sweep", "g.yaml", "--runs", "r").status == 0)
    #expect(try ResumeTests.results(program, "r") == expected)
  }

  /// The second signal comes before anything could be saved, and nothing is written after it.
  @Test func secondSignalLeavesAtOnce() throws {
    let program = try Program()
    defer { program.remove() }
    let expected = try prepare(program)
    guard let faults = Faults(program.folder.appendingPathComponent("r")) else { return }
    for number in [40, 200] {
      let left = try program.run(
        ["sweep", "g.yaml", "--runs", "r", "--cores", "1"],
        environment: faults.environment(.signals([SIGINT, SIGTERM]), at: number))
      #expect(left.status == 128 + SIGTERM, "\(left.errors)")
      #expect(faults.calls().count == number)
    }
    #expect(try program.run("sweep", "g.yaml", "--runs", "r").status == 0)
    #expect(try ResumeTests.results(program, "r") == expected)
  }

  @Test(arguments: [SIGINT, SIGTERM]) func dataLeavesAtOnce(signal: Int32) throws {
    let program = try Program()
    defer { program.remove() }
    try program.write(
      ResumeTests.corpus.replacingOccurrences(of: "400000", with: "40000000"), to: "chain.yaml")
    let corpora = program.folder.appendingPathComponent("data/corpora")
    guard let faults = Faults(corpora) else { return }
    let left = try program.run(
      ["data", "chain.yaml"],
      environment: faults.environment(.signals([signal]), at: 1, site: "mkdir */.chain.partial"))
    #expect(left.status == 128 + signal, "\(left.errors)")
    #expect(seconds(since: faults) < Self.limit)
    #expect(
      !FileManager.default.fileExists(atPath: corpora.appendingPathComponent("chain").path))
  }

  /// Signals that come as users send them, while a long evaluation runs.
  @Test(.enabled(if: Faults.number("OVERTRAIN_SIGNALS") != nil))
  func longEvaluationIsLeft() throws {
    let program = try Program()
    defer { program.remove() }
    try program.write(
      TortureTests.corpus.replacingOccurrences(of: "400000", with: "20000000"), to: "chain.yaml")
    try program.write(
      TortureTests.grid.replacingOccurrences(of: "32768", with: "4000000"), to: "g.yaml")
    #expect(try program.run("data", "chain.yaml").status == 0)
    let run = ["train", "g.yaml", "--run", "b5", "--runs", "r"]
    for delay in [0.1, 0.5, 1, 2] {
      let store = program.folder.appendingPathComponent("r/g")
      var sent = 0.0
      let left = try program.run(run) { process in
        try Program.wait {
          let runs = try? FileManager.default.contentsOfDirectory(atPath: store.path)
          return (runs ?? []).contains { name in
            let step = "\(name)/checkpoints/step-00000327"
            return FileManager.default.fileExists(atPath: store.appendingPathComponent(step).path)
          }
        }
        Thread.sleep(forTimeInterval: delay)
        sent = Faults.now
        kill(process.processIdentifier, SIGINT)
      }
      let seconds = Faults.now - sent
      print("signals: evaluation left \(seconds) s after a signal, status \(left.status)")
      #expect(left.status == 130 && seconds < Self.limit)
    }
  }
}
