import Experiment
import Foundation
import Testing

/// A disk that fails, at every place in the program that writes: exit 74, and the same command goes on
/// to the same bytes when the disk is back. `make test-torture` tries every place with every error,
/// `make test` a few; OVERTRAIN_FAULTS is the seed of the former.
@Suite(.serialized)
struct WriteFaultTests {
  /// A command that writes below a folder.
  private struct Scenario: Sendable {
    let arguments: [String]
    /// Where it writes, below the program's folder; removed before each trial.
    let folder: String
    /// The bytes that it leaves, by path; those that differ every time left out.
    let results: @Sendable (Program) throws -> [String: String]
  }

  private static let scenarios = [
    Scenario(arguments: ["data", "chain.yaml", "--downloads", "made/downloads"], folder: "made") {
      try files($0, "made")
    },
    Scenario(
      arguments: [
        "data", "--shards", "data/corpora/chain/train.bin", "--validation-shards",
        "data/corpora/chain/val.bin", "--tokenizer", "data/corpora/chain/tokenizer.json", "--name",
        "own",
      ], folder: "made"
    ) { try files($0, "made") },
    Scenario(
      arguments: ["sweep", "small.yaml", "--cores", "1", "--checkpoint-seconds", "0.001"],
      folder: "made"
    ) { try ResumeTests.results($0, "made") },
    Scenario(arguments: ["fit", "runs.csv", "--law", "chinchilla", "--name", "f"], folder: "made") {
      try files($0, "made")
    },
    Scenario(arguments: ["report", "fits/f", "-o", "made/report.html"], folder: "made") {
      try files($0, "made")
    },
    Scenario(
      arguments: ["predict", "fits/f", "--N", "1e7", "--D", "1e9", "--freeze", "made/p.json"],
      folder: "made"
    ) { program in
      try files(program, "made").mapValues { $0.replacing(/"(date|hash)".*/, with: "") }
    },
    Scenario(
      arguments: [
        "import", "csv", "runs.csv", "--map", "N=N", "--map", "D=D", "--map", "loss=loss",
      ],
      folder: "made"
    ) { try files($0, "made") },
  ]

  private static func arguments(_ scenario: Scenario) -> [String] {
    switch scenario.arguments[0] {
    case "data": scenario.arguments + ["--corpora", "made/corpora"]
    case "sweep": scenario.arguments + ["--runs", "made"]
    case "fit": scenario.arguments + ["--out", "made"]
    case "import": scenario.arguments + ["-o", "made/runs.csv"]
    default: scenario.arguments
    }
  }

  private static func files(_ program: Program, _ folder: String) throws -> [String: String] {
    var files: [String: String] = [:]
    let root = program.folder.appendingPathComponent(folder)
    for case let url as URL in FileManager.default.enumerator(
      at: root, includingPropertiesForKeys: [.isRegularFileKey]) ?? .init()
    where try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
      && !url.lastPathComponent.hasSuffix(".lock")
    {
      files[url.path] = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
    return files
  }

  private func prepare(_ program: Program) throws {
    try TortureTests.prepare(program)
    try program.write(
      TortureTests.grid.replacing("tokenMultipliers: [10, 5]", with: "tokenMultipliers: [5]")
        .replacing(#/ {8}b: .*\n/#, with: ""), to: "small.yaml")
    let law = (1...12).map { i in
      let (n, d) = (1e6 * Double(i * i), 3e8 * Double(1 + i % 4))
      let loss = 1.7 + 400 * pow(n, -0.34) + 410 * pow(d, -0.28) + 0.001 * sin(Double(i))
      return "\(n),\(d),\(loss)\n"
    }
    try program.write("N,D,loss\n" + law.joined(), to: "runs.csv")
    #expect(try program.run("data", "chain.yaml").status == 0)
    let fit = try program.run(
      "fit", "runs.csv", "--law", "chinchilla", "--name", "f", "--out", "fits")
    #expect(fit.status == 0, "\(fit.errors)")
  }

  @Test func everyPlaceThatWrites() throws {
    let program = try Program()
    defer { program.remove() }
    try prepare(program)
    var random = RandomSource(seed: UInt64(Faults.number("OVERTRAIN_FAULTS") ?? 1))
    let isExhaustive = Faults.number("OVERTRAIN_FAULTS") != nil
    var (injected, stopped) = (0, 0)
    for scenario in Self.scenarios {
      let folder = program.folder.appendingPathComponent(scenario.folder)
      let arguments = Self.arguments(scenario)
      guard let faults = Faults(folder) else { return }
      try? FileManager.default.removeItem(at: folder)
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
      for (site, error) in trials {
        try FileManager.default.removeItem(at: folder)
        let once = random.integer(below: 2) == 0
        let number = 1 + random.integer(below: sites[site] ?? 1)
        let result = try program.run(
          arguments,
          environment: faults.environment(.error(error, once: once), at: number, site: site))
        injected += 1
        let what = "\(arguments[0]), \(site), call \(number), errno \(error)\(once ? " once" : "")"
        #expect(!result.errors.contains("Fatal error"), "\(what)")
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
        if scenario.arguments[0] == "predict", result.status == 0 { continue }
        #expect(again.status == 0, "\(what): \(again.errors)")
        #expect(try scenario.results(program) == expected, "\(what)")
      }
      print("faults: \(arguments[0]): \(trials.count) at \(sites.count) places that write")
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
