import Foundation
import Testing

/// Bad input by the exit code and the words that a user sees.
@Suite(.serialized)
struct BadInputTests {
  func run(
    _ change: (Program) throws -> Void, _ arguments: String...
  ) throws -> Program.Result {
    let program = try Program()
    defer { program.remove() }
    try program.write(ResumeTests.corpus, to: "chain.yaml")
    try program.write(ResumeTests.grid, to: "g.yaml")
    try change(program)
    return try program.run(arguments)
  }

  func expect(
    _ result: Program.Result, _ status: Int32, _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(result.status == status, "\(result.errors)", sourceLocation: sourceLocation)
    for word in words {
      #expect(result.errors.contains(word), "\(result.errors)", sourceLocation: sourceLocation)
    }
    #expect(!result.errors.contains("Fatal error"), sourceLocation: sourceLocation)
  }

  func replaceGrid(_ program: Program, _ old: String, _ new: String) throws {
    try program.write(ResumeTests.grid.replacingOccurrences(of: old, with: new), to: "g.yaml")
  }

  func data(_ program: Program) throws {
    #expect(try program.run("data", "chain.yaml").status == 0)
  }

  @Test func misspeltKey() throws {
    let result = try run({ try replaceGrid($0, "corpora:", "corpra:") }, "plan", "g.yaml")
    expect(result, 78, "g.yaml:2:", "corpra", "did you mean \"corpora\"")
  }

  @Test func wrongType() throws {
    let result = try run({ try replaceGrid($0, "layers: 1", "layers: one") }, "plan", "g.yaml")
    expect(result, 78, "g.yaml:6:", "expected a whole number", "\"one\"")
  }

  @Test func impossibleShape() throws {
    let result = try run(
      {
        try data($0)
        try replaceGrid($0, "width: 16", "width: 15")
      }, "plan", "g.yaml")
    expect(result, 78, "g.yaml:6:", "width 15 is not divisible by heads 2", "fix:")
  }

  @Test func tokenMultiplierBelowZero() throws {
    let result = try run(
      {
        try data($0)
        try replaceGrid($0, "[10, 5]", "[10, -1]")
      }, "sweep", "g.yaml")
    expect(result, 78, "g.yaml:", "token multiplier of -1", "above zero")
  }

  @Test func emptyGrid() throws {
    let result = try run(
      {
        try data($0)
        try replaceGrid($0, "tokenMultipliers: [10, 5]", "")
      }, "sweep", "g.yaml")
    expect(result, 78, "no runs")
  }

  @Test func missingConfigAndCorpus() throws {
    expect(try run({ _ in }, "plan", "none.yaml"), 66, "none.yaml", "fix:")
    expect(try run({ _ in }, "sweep", "g.yaml"), 66, "chain", "overtrain data")
  }

  @Test func truncatedAndAlteredShards() throws {
    func shard(_ program: Program) throws -> URL {
      let folder = program.folder.appendingPathComponent("data/corpora/chain")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      let name = try #require(names.sorted().first { $0.hasPrefix("train") })
      return folder.appendingPathComponent(name)
    }
    let truncated = try run(
      {
        try data($0)
        let handle = try FileHandle(forWritingTo: try shard($0))
        try handle.truncate(atOffset: 5000)
      }, "sweep", "g.yaml")
    expect(truncated, 65, "train", "byte", "fix:")
    let altered = try run(
      {
        try data($0)
        let handle = try FileHandle(forUpdating: try shard($0))
        try handle.seek(toOffset: 4001)
        try handle.write(contentsOf: Data([0x7f]))
      }, "sweep", "g.yaml")
    expect(altered, 65, "train", "fix:")
  }

  @Test func unwritableRunFolder() throws {
    let result = try run(data, "sweep", "g.yaml", "--runs", "/proc/none")
    expect(result, 74, "/proc/none", "fix:")
  }

  @Test func fullDisk() throws {
    let program = try Program()
    defer { program.remove() }
    try program.write(ResumeTests.corpus, to: "chain.yaml")
    try program.write(ResumeTests.grid, to: "g.yaml")
    try data(program)
    let disk = program.folder.appendingPathComponent("disk")
    try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
    guard try Program.shell("mount -t tmpfs -o size=8m tmpfs '\(disk.path)'") == 0 else {
      print("skipped: mounting a small file system needs root")
      return
    }
    defer { _ = try? Program.shell("umount '\(disk.path)'") }
    let filler = disk.appendingPathComponent("filler").path
    _ = try Program.shell("head -c 7000000 /dev/zero > '\(filler)'")
    expect(
      try program.run("sweep", "g.yaml", "--runs", "disk"), 74, "not enough disk space",
      "the grid needs", "fix:")
    // Room at the start, but something else fills the disk while the grid trains.
    _ = try Program.shell("rm '\(filler)'")
    guard let faults = Faults(disk) else { return }
    let arguments = ["sweep", "g.yaml", "--runs", "disk", "--cores", "1"]
    let full = try program.run(
      arguments + ["--checkpoint-seconds", "0.01"],
      environment: faults.environment(.signals([SIGSTOP]), at: 1, site: "open */metrics.jsonl")
    ) { process in
      try Program.wait(untilStopped: process)
      _ = try Program.shell("head -c 8000000 /dev/zero > '\(filler)'")
      kill(process.processIdentifier, SIGCONT)
    }
    expect(full, 74, "disk full", "run the same command again")
    _ = try Program.shell("rm '\(filler)'")
    expect(try program.run("sweep", "g.yaml", "--runs", "disk"), 0)
  }

  @Test func fullOutput() throws {
    let program = try Program()
    defer { program.remove() }
    let binary = try #require(Program.binary).path
    #expect(try Program.shell("'\(binary)' doctor > /dev/full; [ $? = 74 ]") == 0)
  }

  @Test func secondProcessOnTheSameRun() throws {
    let program = try Program()
    defer { program.remove() }
    try program.write(ResumeTests.corpus, to: "chain.yaml")
    try program.write(ResumeTests.grid, to: "g.yaml")
    try data(program)
    let arguments = ["train", "g.yaml", "--run", "b10", "--runs", "r"]
    guard let faults = Faults(program.folder.appendingPathComponent("r")) else { return }
    let environment = faults.environment(
      .signals([SIGSTOP]), at: 1, site: "open */metrics.jsonl")
    let first = try program.run(arguments, environment: environment) { process in
      try Program.wait(untilStopped: process)
      expect(
        try program.run(arguments), 75, "another process (pid ", "is training this run", "fix:")
      kill(process.processIdentifier, SIGCONT)
    }
    expect(first, 0)
  }

  @Test func usage() throws {
    expect(try run({ _ in }, "sweep"), 64, "Missing expected argument")
    expect(try run({ _ in }, "swep"), 64)
  }
}
