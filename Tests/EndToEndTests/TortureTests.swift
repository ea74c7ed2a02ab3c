import Experiment
import Foundation
import Testing

/// Kills at random moments, and before random system calls, while a corpus is made and a grid is
/// trained and measured. `make test-torture` does 50; OVERTRAIN_KILLS sets another number.
@Suite(.serialized)
struct TortureTests {
  static let grid = ResumeTests.grid.replacingOccurrences(
    of: "validationTokens: 4096",
    with: "validationTokens: 32768, tasks: [continuation], itemsPerTask: 20")
  static let corpus = ResumeTests.corpus.replacingOccurrences(
    of: "validationShare: 0.2", with: "validationShare: 0.2\ntaskShare: 0.2")

  static func prepare(_ program: Program) throws {
    try program.write(corpus, to: "chain.yaml")
    try program.write(grid, to: "g.yaml")
  }

  /// Every file of a corpus folder.
  func corpusFiles(_ folder: URL) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      files[name] = try Data(contentsOf: folder.appendingPathComponent(name))
    }
    return files
  }

  @Test func killsLeaveNoTrace() throws {
    let program = try Program()
    defer { program.remove() }
    try Self.prepare(program)
    let data = ["data", "chain.yaml"]
    #expect(try program.run(data).status == 0)
    let corpusFolder = program.folder.appendingPathComponent("data/corpora/chain")
    let corpus = try corpusFiles(corpusFolder)
    let count = program.folder.appendingPathComponent("count")
    let killed = program.folder.appendingPathComponent("killed")
    guard
      let counting = Faults.environment(
        program.folder.appendingPathComponent("whole"), call: 0, count: count)
    else { return }
    let arguments = ["sweep", "g.yaml", "--checkpoint-seconds", "0.02", "--runs"]
    let start = Date()
    let whole = try program.run(arguments + ["whole", "--cores", "1"], environment: counting)
    #expect(whole.status == 0, "\(whole.errors)")
    let seconds = -start.timeIntervalSinceNow
    let calls = try #require(
      Int(String(contentsOf: count, encoding: .utf8).trimmingCharacters(in: .newlines)))
    let expected = try ResumeTests.results(program, "whole")

    let wanted = Faults.number("OVERTRAIN_KILLS", otherwise: 5)
    var random = RandomSource(seed: UInt64(Faults.number("OVERTRAIN_SEED", otherwise: 1)))
    var kills = 0
    var finished = 0
    for attempt in 0..<4 * wanted where kills < wanted {
      if attempt % 5 == 4 {
        // Corpus preparation: killed before one of its changes, then made again.
        try FileManager.default.removeItem(at: corpusFolder)
        let faults = Faults.environment(
          corpusFolder.deletingLastPathComponent(), call: 1 + random.integer(below: 40))
        if try program.run(data, environment: faults ?? [:]).status == -SIGKILL { kills += 1 }
        #expect(try program.run(data).status == 0)
        #expect(try corpusFiles(corpusFolder) == corpus)
        continue
      }
      let cores = ["killed", "--cores", "\(1 + random.integer(below: 2))"]
      let status: Int32
      if attempt % 2 == 0,
        let faults = Faults.environment(
          killed, call: 1 + random.integer(below: calls / 3))
      {
        status = try program.run(arguments + cores, environment: faults).status
      } else {
        status = try program.run(
          arguments + cores, signal: SIGKILL, after: 0.05 + random.uniform() * seconds / 2)
      }
      if status == -SIGKILL {
        kills += 1
        try checkWhatIsThere(killed.appendingPathComponent("g"))
        #expect(try program.run("status", "killed/g").status != 65)
      } else {
        #expect(status == 0)
        #expect(try ResumeTests.results(program, "killed") == expected)
        finished += 1
        try FileManager.default.removeItem(at: killed)
      }
    }
    #expect(kills == wanted)
    let last = try program.run(arguments + ["killed", "--cores", "2"])
    #expect(last.status == 0, "\(last.errors)")
    #expect(!last.errors.contains("set aside"), "\(last.errors)")
    #expect(try ResumeTests.results(program, "killed") == expected)
    print("torture: \(kills) kills survived, \(finished + 1) grids finished identical")
  }

  /// Right after a kill: every log has its steps in order, once; every name stands for a whole file.
  private func checkWhatIsThere(_ grid: URL) throws {
    for case let url as URL in FileManager.default.enumerator(
      at: grid, includingPropertiesForKeys: nil) ?? .init()
    {
      switch url.lastPathComponent {
      case "metrics.jsonl":
        let lines = try String(contentsOf: url, encoding: .utf8)
          .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        let steps = try lines.map { line in
          let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
          // The final evaluation comes at the step of the last training line.
          let isLoss = object?["train/loss"] != nil
          return 2 * ((object?["step"] as? Int) ?? -1) + (isLoss ? 0 : 1)
        }
        #expect(zip(steps, steps.dropFirst()).allSatisfy(<), "\(url.path)")
      case "record.json":
        #expect(throws: Never.self) { try StableJSON.decode(RunRecord.self, from: url) }
      default:
        guard url.lastPathComponent.hasPrefix("step-") else { continue }
        #expect(
          FileManager.default.fileExists(atPath: url.appendingPathComponent("COMPLETE").path))
      }
    }
  }

  /// A failing disk at a sample of all write sites: exit 74, and the grid goes on when it is back.
  @Test func failingWritesStopWithTheirReason() throws {
    let program = try Program()
    defer { program.remove() }
    try Self.prepare(program)
    #expect(try program.run("data", "chain.yaml").status == 0)
    let arguments = ["sweep", "g.yaml", "--checkpoint-seconds", "0.1", "--cores", "2", "--runs"]
    #expect(try program.run(arguments + ["whole"]).status == 0)
    let expected = try ResumeTests.results(program, "whole")
    let wanted = Faults.number("OVERTRAIN_FAULTS", otherwise: 6)
    var random = RandomSource(seed: 2)
    var refused = 0
    for trial in 0..<wanted {
      let error = [ENOSPC, EIO, EACCES][trial % 3]
      let runs = program.folder.appendingPathComponent("failing")
      // Early calls are of more kinds than later ones.
      let call = 1 + random.integer(below: trial % 2 == 0 ? 30 : 250)
      guard let faults = Faults.environment(runs, call: call, error: error) else { return }
      let result = try program.run(arguments + ["failing"], environment: faults)
      if result.status == 74 { refused += 1 }
      #expect([0, 74].contains(result.status), "call \(call), \(error): \(result.errors)")
      #expect(!result.errors.contains("Fatal error"))
      let again = try program.run(arguments + ["failing"])
      #expect(again.status == 0, "\(again.errors)")
      #expect(try ResumeTests.results(program, "failing") == expected)
      try FileManager.default.removeItem(at: runs)
    }
    #expect(refused >= wanted / 2)
    print("faults: \(refused) of \(wanted) stopped a sweep, all went on to identical results")
  }

  /// The same for the making of a corpus.
  @Test func failingWritesOfACorpus() throws {
    let program = try Program()
    defer { program.remove() }
    try Self.prepare(program)
    let corpora = program.folder.appendingPathComponent("data/corpora")
    for (call, error) in [(2, ENOSPC), (7, EIO), (13, EACCES), (20, ENOSPC)] {
      guard let faults = Faults.environment(corpora, call: call, error: error) else { return }
      let result = try program.run(["data", "chain.yaml"], environment: faults)
      #expect(result.status == 74, "\(call): \(result.status) \(result.errors)")
      let manifest = corpora.appendingPathComponent("chain/manifest.json")
      #expect(!FileManager.default.fileExists(atPath: manifest.path))
    }
    #expect(try program.run("data", "chain.yaml").status == 0)
  }

  /// Two sweeps share a grid; one of them is killed, and the other takes over what it had.
  @Test func twoSweepsShareTheWork() throws {
    let program = try Program()
    defer { program.remove() }
    try Self.prepare(program)
    #expect(try program.run("data", "chain.yaml").status == 0)
    let arguments = ["sweep", "g.yaml", "--checkpoint-seconds", "0.05", "--runs"]
    #expect(try program.run(arguments + ["whole"]).status == 0)
    let expected = try ResumeTests.results(program, "whole")
    let shared = arguments + ["shared", "--cores", "1"]
    let (first, _, _) = try program.start(shared)
    Thread.sleep(forTimeInterval: 0.15)
    let second = try program.run(shared, after: 0.3) {
      kill(first.processIdentifier, SIGKILL)
      first.waitUntilExit()
    }
    #expect(second.status == 0, "\(second.errors)")
    #expect(try ResumeTests.results(program, "shared") == expected)
  }

  @Test func aDamagedRecordIsMadeAnew() throws {
    let program = try Program()
    defer { program.remove() }
    try ResumeTests.prepare(program)
    #expect(try program.run("sweep", "g.yaml", "--runs", "r").status == 0)
    let expected = try ResumeTests.results(program, "r")
    let name = try #require(expected.keys.first { $0.hasSuffix("record.json") })
    let url = program.folder.appendingPathComponent("r/g\(name)")
    var bytes = try Data(contentsOf: url)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: url)
    #expect(try program.run("status", "r/g").output.contains("damaged"))
    let fit = try program.run("fit", "r/g")
    #expect(fit.status == 65 && fit.errors.contains("record.json"), "\(fit.errors)")
    let again = try program.run("sweep", "g.yaml", "--runs", "r")
    #expect(again.status == 0 && again.errors.contains("made anew"), "\(again.errors)")
    #expect(try ResumeTests.results(program, "r") == expected)
  }

  @Test func certificateOfExactResume() throws {
    let program = try Program()
    defer { program.remove() }
    try ResumeTests.prepare(program)
    let result = try program.run(
      "verify-resume", "g.yaml", "--run", "b5", "--steps", "60", "--seed", "3")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("bit-identical"))
    #expect(result.output.split(separator: "\n").filter { $0.contains(": identical") }.count == 4)
  }

  @Test(arguments: [SIGINT, SIGTERM]) func dataLeavesAtOnce(signal: Int32) throws {
    let program = try Program()
    defer { program.remove() }
    try program.write(
      ResumeTests.corpus.replacingOccurrences(of: "400000", with: "40000000"), to: "chain.yaml")
    let start = Date()
    #expect(try program.run(["data", "chain.yaml"], signal: signal, after: 0.3) == 128 + signal)
    #expect(-start.timeIntervalSinceNow < 5)
    let folder = program.folder.appendingPathComponent("data/corpora/chain")
    #expect(!FileManager.default.fileExists(atPath: folder.path))
  }

  @Test func pathsCannotLeaveTheirFolder() throws {
    let program = try Program()
    defer { program.remove() }
    try program.write(
      ResumeTests.grid.replacingOccurrences(of: "name: g", with: "name: ../../g"), to: "a.yaml")
    try program.write(
      ResumeTests.grid.replacingOccurrences(of: "corpora: chain", with: "corpora: ../chain"),
      to: "b.yaml")
    for file in ["a.yaml", "b.yaml"] {
      let result = try program.run("sweep", file)
      #expect(result.status == 78 && result.errors.contains("is a path"), "\(result.errors)")
    }
  }
}
