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
    let killed = program.folder.appendingPathComponent("killed")
    guard let counting = Faults(program.folder.appendingPathComponent("whole")),
      let faults = Faults(killed), let dataFaults = Faults(corpusFolder.deletingLastPathComponent())
    else { return }
    let arguments = ["sweep", "g.yaml", "--checkpoint-seconds", "0.02", "--runs"]
    let start = Faults.now
    let whole = try program.run(
      arguments + ["whole", "--cores", "1"], environment: counting.environment())
    #expect(whole.status == 0, "\(whole.errors)")
    let seconds = Faults.now - start
    let calls = counting.calls().count
    let expected = try ResumeTests.results(program, "whole")

    let wanted = Faults.number("OVERTRAIN_KILLS") ?? 5
    var random = RandomSource(seed: UInt64(Faults.number("OVERTRAIN_SEED") ?? 1))
    var (kills, ofData, finished) = (0, 0, 0)
    for attempt in 0..<4 * wanted where kills < wanted {
      if attempt % 5 == 4 {
        // Corpus preparation: killed before one of its changes, then made again.
        try FileManager.default.removeItem(at: corpusFolder)
        let environment = dataFaults.environment(at: 1 + random.integer(below: 40))
        if try program.run(data, environment: environment).status == -SIGKILL {
          kills += 1
          ofData += 1
        }
        #expect(try program.run(data).status == 0)
        #expect(try corpusFiles(corpusFolder) == corpus)
        continue
      }
      let cores = ["killed", "--cores", "\(1 + random.integer(below: 2))"]
      let status: Int32
      if attempt % 2 == 0 {
        let environment = faults.environment(at: 1 + random.integer(below: calls / 3))
        status = try program.run(arguments + cores, environment: environment).status
      } else {
        let delay = 0.05 + random.uniform() * seconds / 2
        status = try program.run(arguments + cores) { process in
          Thread.sleep(forTimeInterval: delay)
          if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }.status
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
    print(
      "torture: \(kills) kills survived (\(ofData) while a corpus was made), \(finished + 1) grids "
        + "finished identical")
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
        try checkNoLineIsLost(steps, url.deletingLastPathComponent())
      case "record.json":
        #expect(throws: Never.self) { try StableJSON.decode(RunRecord.self, from: url) }
      default:
        guard url.lastPathComponent.hasPrefix("step-") else { continue }
        #expect(
          FileManager.default.fileExists(atPath: url.appendingPathComponent("COMPLETE").path))
      }
    }
  }

  /// Two sweeps share a grid; one of them is killed, and the other takes over what it had.
  @Test func twoSweepsShareTheWork() throws {
    let program = try Program()
    defer { program.remove() }
    try Self.prepare(program)
    #expect(try program.run("data", "chain.yaml").status == 0)
    let arguments = ["sweep", "g.yaml", "--checkpoint-seconds", "0.05", "--cores", "1", "--runs"]
    #expect(try program.run(arguments + ["whole"]).status == 0)
    let expected = try ResumeTests.results(program, "whole")
    guard let faults = Faults(program.folder.appendingPathComponent("shared")) else { return }
    let first = try program.run(
      arguments + ["shared"],
      environment: faults.environment(.signals([SIGSTOP]), at: 1, site: "mkdir */.step-*.tmp")
    ) { process in
      // It stands in the middle of its run: the other leaves that and does the rest.
      try Program.wait(untilStopped: process)
      let second = try program.start(arguments + ["shared"])
      try Program.wait {
        try String(contentsOf: second.errors, encoding: .utf8).contains("left for later")
      }
      try Program.wait {
        let status = try program.run("status", "shared/g", "--json").output
        return status.contains("\"finished\" : 3") && status.contains("\"running\" : 1")
      }
      kill(process.processIdentifier, SIGKILL)
      second.process.waitUntilExit()
      #expect(second.process.terminationStatus == 0)
    }
    #expect(first.status == -SIGKILL)
    #expect(try ResumeTests.results(program, "shared") == expected)
  }

  /// The lines that the newest checkpoint says it comes after are there.
  private func checkNoLineIsLost(_ steps: [Int], _ run: URL) throws {
    struct State: Decodable {
      let step: Int
      let loggedLines: Int
    }
    let folder = run.appendingPathComponent("checkpoints")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    guard let newest = names.filter({ $0.hasPrefix("step-") }).max() else { return }
    let state = try JSONDecoder().decode(
      State.self, from: Data(contentsOf: folder.appendingPathComponent("\(newest)/state.json")))
    // Training lines are even.
    let lines = steps.count { $0.isMultiple(of: 2) && $0 <= 2 * state.step }
    #expect(lines == state.loggedLines, "\(run.path)")
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

  @Test func pathsCannotLeaveTheirFolder() throws {
    let program = try Program()
    defer { program.remove() }
    try program.write(
      ResumeTests.grid.replacingOccurrences(of: "name: g", with: "name: ../../g"), to: "a.yaml")
    try program.write(
      ResumeTests.grid.replacingOccurrences(of: "corpora: chain", with: "corpora: ../chain"),
      to: "b.yaml")
    try program.write(
      ResumeTests.grid.replacingOccurrences(of: "a: { width", with: "\"../../a\": { width"),
      to: "c.yaml")
    try Self.prepare(program)
    #expect(try program.run("data", "chain.yaml").status == 0)
    for file in ["a.yaml", "b.yaml", "c.yaml"] {
      let result = try program.run("sweep", file)
      #expect(result.status == 78 && result.errors.contains("is a path"), "\(result.errors)")
    }
    for (good, bad) in [
      ("name: chain", "name: ../c"), ("name: chain", "name: .c"),
      ("registry: synthetic,", "registry: synthetic, set: ../s,"),
      ("registry: synthetic,", "package: [../p],"), ("registry: synthetic,", "package: [-oA=b],"),
      ("registry: synthetic,", "registry: debianDescriptions, language: ../l,"),
    ] {
      try program.write(Self.corpus.replacingOccurrences(of: good, with: bad), to: "d.yaml")
      #expect(try program.run("data", "d.yaml").status == 78, "\(bad)")
    }
    for line in ["task: ../t", "file: ../../t.jsonl", "file: /etc/t.jsonl"] {
      try program.write("doc_to_text: q\ndoc_to_target: a\n\(line)\n", to: "tasks/t.yaml")
      let llama = Program.root.appendingPathComponent("Tests/Fixtures/tiny_llama").path
      let result = try program.run("eval", llama, "--tasks", "tasks")
      #expect(
        result.status == 78 && result.errors.contains("leaves its folder"), "\(result.errors)")
    }
  }
}
