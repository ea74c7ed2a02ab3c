import Experiment
import Foundation
import Testing

/// A disk that fails, at every place in the program that writes: exit 74, and the same command goes on
/// to the same bytes when the disk is back. `make test-torture` tries every place with every error,
/// `make test` a few; OVERTRAIN_FAULTS is the seed of the former.
@Suite(.serialized)
struct WriteFaultTests {
  /// A command that writes below the folder `made`.
  private struct Scenario: Sendable {
    let arguments: [String]
    /// What is copied to `made` before each trial; nothing if nil.
    let start: String?
    /// The bytes that it leaves, by path; those that differ every time left out.
    let results: @Sendable (Program) throws -> [String: String]

    init(
      _ arguments: [String], from start: String? = nil,
      results: @escaping @Sendable (Program) throws -> [String: String] = WriteFaultTests.files
    ) {
      self.arguments = arguments
      self.start = start
      self.results = results
    }

    var name: String { arguments[0] == "import" ? arguments[1] : arguments[0] }
  }

  /// Every command that writes what is kept.
  private static func scenarios(_ program: Program) throws -> [Scenario] {
    let runs = try FileManager.default.contentsOfDirectory(
      atPath: program.folder.appendingPathComponent("ladder/g").path)
    let run = try "made/g/" + #require(runs.first { $0.contains("-a4-") })
    let grid = ["small.yaml", "--cores", "1", "--runs", "made"]
    let training: @Sendable (Program) throws -> [String: String] = {
      try ResumeTests.results($0, "made")
    }
    let published = ThirdTrainingSetTests.published.path
    return [
      Scenario(["data", "chain.yaml", "--downloads", "made/downloads", "--out", "made/corpora"]),
      Scenario([
        "data", "--shards", "data/corpora/chain/train.bin", "--validation-shards",
        "data/corpora/chain/val.bin", "--tokenizer", "data/corpora/chain/tokenizer.json", "--name",
        "own", "--out", "made/corpora",
      ]),
      Scenario(["sweep"] + grid + ["--checkpoint-seconds", "0.001"], results: training),
      Scenario(["train"] + grid + ["--run", "a5"], results: training),
      Scenario(
        ["resume", run, "--cores", "1", "--digests", "\(run)/digests"], from: "begun",
        results: training),
      Scenario(["eval", run, "--items", "made/items"], from: "ladder", results: evaluated),
      Scenario(["suite", "ladder/g", "--svg", "made/suite.svg"]),
      Scenario(["fit", "runs.csv", "--name", "f", "--out", "made"]),
      Scenario(["report", "fits/f", "-o", "made/report.html", "--svg", "made/loss.svg"]),
      Scenario(["predict", "fits/f", "--N", "1e7", "--D", "1e9", "--freeze", "made/p.json"]) {
        try files($0).mapValues { $0.replacing(/"(date|hash)".*/, with: "") }
      },
      Scenario(["isoflop", "runs.csv", "--svg", "made/iso.svg"]),
      Scenario([
        "grade", "runs.csv", "--averages", "--fit", "fits/f", "--svg", "made/tasks.svg",
      ]),
      Scenario([
        "import", "csv", "runs.csv", "--map", "N=N", "--map", "D=D", "--map", "loss=loss", "-o",
        "made/runs.csv",
      ]),
    ]
      + (FileManager.default.fileExists(atPath: published)
        ? [Scenario(["import", "gadre", published, "-o", "made"])] : [])
  }

  @Sendable private static func files(_ program: Program) throws -> [String: String] {
    var files: [String: String] = [:]
    let root = program.folder.appendingPathComponent("made")
    for case let url as URL in FileManager.default.enumerator(
      at: root, includingPropertiesForKeys: [.isRegularFileKey]) ?? .init()
    where try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
      && !url.lastPathComponent.hasSuffix("lock")
    {
      files[url.path] = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
    return files
  }

  /// A measurement that failed after its line was written is made again: the line is there twice, but
  /// for its date.
  @Sendable private static func evaluated(_ program: Program) throws -> [String: String] {
    var files = try files(program)
    for (name, text) in files where name.hasSuffix("/evaluation.jsonl") {
      let lines = text.split(separator: "\n").map { $0.replacing(/"date":"[^"]*"/, with: "") }
      files[name] = Set(lines).sorted().joined()
    }
    return files
  }

  private func prepare(_ program: Program) throws {
    try TortureTests.prepare(program)
    try program.write(
      TortureTests.grid.replacing("tokenMultipliers: [10, 5]", with: "tokenMultipliers: [5]")
        .replacing(#/ {8}b: .*\n/#, with: ""), to: "small.yaml")
    try program.write(
      TortureTests.grid.replacing(
        "tokenMultipliers: [10, 5]", with: "tokenMultipliers: [4, 5, 6, 7]"),
      to: "ladder.yaml")
    try program.write(LawCommandTests.table, to: "runs.csv")
    for arguments in [
      ["data", "chain.yaml"], ["sweep", "ladder.yaml", "--runs", "ladder"],
      ["fit", "runs.csv", "--name", "f", "--out", "fits"],
    ] {
      let result = try program.run(arguments)
      #expect(result.status == 0, "\(arguments): \(result.errors)")
    }
    // The folder of a run that has not yet begun.
    let ladder = program.folder.appendingPathComponent("ladder/g")
    for run in try FileManager.default.contentsOfDirectory(atPath: ladder.path)
    where run.contains("-a4-") {
      let begun = program.folder.appendingPathComponent("begun/g/\(run)")
      try FileManager.default.createDirectory(at: begun, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: ladder.appendingPathComponent("\(run)/config.yaml"),
        to: begun.appendingPathComponent("config.yaml"))
    }
  }

  /// Puts `made` into the state that the command starts from.
  private func reset(_ program: Program, _ scenario: Scenario) throws {
    let made = program.folder.appendingPathComponent("made")
    try? FileManager.default.removeItem(at: made)
    guard let start = scenario.start else { return }
    try FileManager.default.copyItem(at: program.folder.appendingPathComponent(start), to: made)
  }

  @Test func everyPlaceThatWrites() throws {
    let program = try Program()
    defer { program.remove() }
    try prepare(program)
    var random = RandomSource(seed: UInt64(Faults.number("OVERTRAIN_FAULTS") ?? 1))
    let isExhaustive = Faults.number("OVERTRAIN_FAULTS") != nil
    var (injected, stopped) = (0, 0)
    guard let faults = Faults(program.folder.appendingPathComponent("made")) else { return }
    for scenario in try Self.scenarios(program) {
      let arguments = scenario.arguments
      let name = scenario.name
      try reset(program, scenario)
      let untouched = try Self.files(program)
      let whole = try program.run(arguments, environment: faults.environment())
      #expect(whole.status == 0, "\(arguments): \(whole.errors)")
      let expected = try scenario.results(program)
      #expect(!expected.isEmpty)
      var sites: [String: Int] = [:]
      // A removal does not need space.
      for call in faults.calls() where call.operation != "remove" {
        sites[call.site, default: 0] += 1
      }
      var trials = sites.keys.sorted().flatMap { site in
        [ENOSPC, EIO, EACCES].map { (site: site, error: $0) }
      }
      if !isExhaustive { trials = Array(trials.shuffled(using: &random).prefix(2)) }
      let before = stopped
      for (site, error) in trials {
        try reset(program, scenario)
        let once = random.integer(below: 2) == 0
        let number = 1 + random.integer(below: sites[site] ?? 1)
        let result = try program.run(
          arguments,
          environment: faults.environment(.error(error, once: once), at: number, site: site))
        injected += 1
        let what = "\(name), \(site), call \(number), errno \(error)\(once ? " once" : "")"
        #expect(!result.errors.contains("Fatal error"), "\(what)")
        // What was there before is as it was; what comes new is whole.
        let found = try Self.files(program)
        #expect(untouched.allSatisfy { found[$0.key] == $0.value }, "\(what)")
        if result.status == 74 {
          stopped += 1
          #expect(result.errors.contains("fix:"), "\(what): \(result.errors)")
        } else {
          // What does not stop the program may not be missed either.
          #expect(result.status == 0, "\(what): \(result.errors)")
          #expect(try scenario.results(program) == expected, "\(what)")
        }
        let again = try program.run(arguments)
        // What is frozen is never written again.
        if name == "predict", result.status == 0 { continue }
        #expect(again.status == 0, "\(what): \(again.errors)")
        #expect(try scenario.results(program) == expected, "\(what)")
      }
      print(
        "faults: \(name): \(trials.count) at \(sites.count) places that write, "
          + "\(stopped - before) stopped it")
      if isExhaustive {
        for (site, count) in sites.sorted(by: { $0.key < $1.key }) {
          print("faults:   3 at \(site), \(count) calls")
        }
      }
    }
    #expect(stopped > 0)
    print("faults: \(stopped) of \(injected) stopped the program, all went on to identical results")
  }
}
