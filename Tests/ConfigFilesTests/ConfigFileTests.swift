import ConfigFiles
import Experiment
import Foundation
import Testing

/// What a config file gets wrong, and what its user is told.
struct ConfigFileTests {
  static let grid = """
    name: g
    corpora: demo
    model:
      contextLength: 64
      sizes:
        a: { width: 16, layers: 2, heads: 2 }
    tokenMultipliers: [20, 40]
    """

  func mistake(_ yaml: String) -> UserError? {
    do {
      _ = try ConfigFile.parse(GridConfig.self, yaml, file: "g.yaml")
      return nil
    } catch { return error }
  }

  @Test func readsAGrid() throws {
    let grid = try ConfigFile.parse(GridConfig.self, Self.grid, file: "g.yaml")
    #expect(grid.corpora.values == ["demo"])
    #expect(grid.tokenMultipliers?.values == [20, 40])
    #expect(grid.model.common.contextLength == 64)
    #expect(grid.model.sizes["a"]?.width == 16)
  }

  @Test func wholeNumbersMayBeWrittenWithAnExponent() throws {
    let yaml = Self.grid.replacingOccurrences(
      of: "tokenMultipliers: [20, 40]", with: "tokens: [5e8, 1_000_000]")
    let grid = try ConfigFile.parse(GridConfig.self, yaml, file: "g.yaml")
    #expect(grid.tokens?.values == [500_000_000, 1_000_000])
  }

  @Test func misspeltKeyNamesTheNearestOne() throws {
    let yaml = Self.grid.replacingOccurrences(of: "tokenMultipliers", with: "tokenMultiplyers")
    let error = try #require(mistake(yaml))
    #expect(error.kind == .badConfig)
    #expect(error.what.contains("tokenMultiplyers"))
    #expect(error.location == "g.yaml:7:1")
    #expect(error.fix?.contains("did you mean \"tokenMultipliers\"?") == true)
  }

  @Test func misspeltKeyInANestedMapping() throws {
    let error = try #require(
      mistake(Self.grid.replacingOccurrences(of: "width: 16", with: "widht: 16")))
    #expect(error.what == "unknown key \"model.sizes.a.widht\"")
    #expect(error.location == "g.yaml:6:10")
    #expect(error.fix?.contains("\"width\"") == true)
  }

  @Test func wrongTypeSaysWhatIsExpected() throws {
    let error = try #require(
      mistake(Self.grid.replacingOccurrences(of: "heads: 2", with: "heads: two")))
    #expect(error.what == "model.sizes.a.heads: expected a whole number, found \"two\"")
    #expect(error.location == "g.yaml:6:39")
  }

  @Test func fractionIsNotAWholeNumber() throws {
    let error = try #require(
      mistake(Self.grid.replacingOccurrences(of: "heads: 2", with: "heads: 2.5")))
    #expect(error.what.contains("expected a whole number"))
  }

  @Test func unknownCaseListsTheCases() throws {
    let error = try #require(
      mistake(Self.grid.replacingOccurrences(of: "model:", with: "model:\n  norm: batchNorm")))
    #expect(error.fix == "use one of rmsNorm, gainOnlyLayerNorm, layerNorm")
  }

  @Test func missingKeyIsNamed() throws {
    let error = try #require(mistake("corpora: demo\nmodel: {sizes: {}}"))
    #expect(error.what.contains("\"name\" is missing"))
  }

  @Test func duplicateKeyIsAnError() throws {
    let error = try #require(mistake(Self.grid + "\nname: h"))
    #expect(error.what.contains("given twice"))
    #expect(error.location?.hasPrefix("g.yaml:") == true)
  }

  @Test func brokenSyntaxHasAPlace() throws {
    let error = try #require(mistake("name: [a"))
    #expect(error.what.contains("not valid YAML"))
    #expect(error.location?.hasPrefix("g.yaml:") == true)
  }

  @Test func missingFileIsMissingInput() throws {
    let url = URL(fileURLWithPath: "/no/such/grid.yaml")
    #expect(throws: UserError.self) { try ConfigFile.load(GridConfig.self, from: url) }
    do { _ = try ConfigFile.load(GridConfig.self, from: url) } catch {
      #expect(error.kind == .missingInput)
    }
  }

  @Test func keyPathsBecomePlaces() throws {
    let folder = FileManager.default.temporaryDirectory
    let url = folder.appendingPathComponent("locate-\(UUID()).yaml")
    try Data(Self.grid.utf8).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    let error = ConfigFile.locate(UserError(.badConfig, "x", at: "model.sizes.a"), in: url)
    #expect(error.location?.hasSuffix(":6:8 (model.sizes.a)") == true)
  }

  /// Every grid in configs/ and every corpus in configs/corpora/ is read without error.
  @Test func committedConfigsAreValid() throws {
    let configs = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("configs")
    func files(_ folder: URL) throws -> [URL] {
      try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "yaml" }
    }
    let grids = try files(configs)
    let corpora = try files(configs.appendingPathComponent("corpora"))
    #expect(!grids.isEmpty && !corpora.isEmpty)
    for file in grids { _ = try ConfigFile.load(GridConfig.self, from: file) }
    for file in corpora { try ConfigFile.load(CorpusConfig.self, from: file).validate() }
  }

  /// Ten lines that stand for 9⁹ values, as a key that has to be hashed, would take hours.
  @Test func aliasesOfAliasesAreRefused() {
    var yaml = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for (name, last) in zip("bcdefghi", "abcdefgh") {
      yaml +=
        "\(name): &\(name) [\(Array(repeating: "*\(last)", count: 9).joined(separator: ", "))]\n"
    }
    #expect { try ConfigFile.parse(GridConfig.self, yaml + "? *i\n: 1\n", file: "f") } throws: {
      ($0 as? UserError)?.what.contains("aliases") == true
    }
  }

  @Test func savedNumbersKeepEveryBit() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).yaml")
    defer { try? FileManager.default.removeItem(at: url) }
    var options = TrainingOptions()
    options.learningRate = 0.1 + 0.2
    options.epsilon = 1e-8 / 3
    options.batchTokens = 1 << 40
    try ConfigFile.save(options, to: url)
    #expect(try ConfigFile.load(TrainingOptions.self, from: url) == options)
  }
}
