import Experiment
import Foundation
import Testing

/// From a grid to its runs.
struct GridResolutionTests {
  static let manifest = CorpusManifest(
    name: "demo", vocabularySize: 256, tokenizerSHA256: "t", endOfText: 0, sets: [],
    taskDocuments: 0, taskSHA256: nil, sources: [], nearDuplicatesLeft: [:])

  func grid(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> GridConfig {
    var json: [String: Any] = [
      "name": "g", "corpora": "demo",
      "model": [
        "contextLength": 64,
        "sizes": [
          "a": ["width": 16, "layers": 2, "heads": 2], "e": ["width": 64, "layers": 3, "heads": 8],
        ],
      ],
      "tokenMultipliers": [20, 320], "roles": ["fit": ["a20"], "holdout": [["size": "e"]]],
    ]
    change(&json)
    return try JSONDecoder().decode(
      GridConfig.self, from: JSONSerialization.data(withJSONObject: json))
  }

  func cells(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> [GridCell] {
    try grid(change).resolve(corpora: ["demo": Self.manifest])
  }

  func mistake(_ change: (inout [String: Any]) -> Void) -> UserError? {
    do {
      _ = try cells(change)
      return nil
    } catch { return error as? UserError }
  }

  @Test func crossProductHasRolesAndHorizons() throws {
    let cells = try cells()
    #expect(cells.map(\.config.label) == ["a20", "e20", "a320", "e320"])
    #expect(cells.map(\.role) == [.fit, .holdout, .validate, .holdout])
    let a = ParameterCount(cells[0].config.model).total
    #expect(a == 10_832)
    #expect(abs(cells[0].config.training.tokens - 20 * a) < cells[0].config.training.batchTokens)
    #expect(ParameterCount(cells[1].config.model).total == 167_360)
  }

  @Test func zipTakesListsInStep() throws {
    let cells = try cells {
      $0["tokenMultipliers"] = nil
      $0["zip"] = [["size": ["a", "e"], "tokenMultiplier": [20, 5], "seed": 3]]
      $0["roles"] = nil
    }
    #expect(cells.map(\.config.label) == ["a20-s3", "e5-s3"])
  }

  @Test func idsChangeWithEveryField() throws {
    let plain = try cells()[0]
    let reseeded = try cells { $0["seed"] = 9 }[0]
    let warmed = try cells { $0["training"] = ["warmupSteps": 3] }[0]
    #expect(Set([plain.id, reseeded.id, warmed.id]).count == 3)
    #expect(plain.id.hasPrefix("demo-a20-"))
    #expect(try cells()[0].id == plain.id)
  }

  @Test func overridesApplyWhereTheyMatch() throws {
    let cells = try cells {
      $0["overrides"] = [["match": ["size": "a"], "training": ["learningRate": 0.5]]]
    }
    #expect(cells[0].config.training.peakLearningRate == 0.5)
    #expect(cells[1].config.training.peakLearningRate != 0.5)
  }

  @Test func flopBudgetIsExact() throws {
    let cells = try cells {
      $0["tokenMultipliers"] = nil
      $0["flops"] = [1e11]
      $0["roles"] = nil
    }
    for cell in cells {
      let flops =
        cell.config.model.trainingFLOPsPerToken * Double(cell.config.training.tokens)
      #expect(abs(flops / 1e11 - 1) < 0.1)
    }
  }

  @Test func badGridsSayWhatAndWhere() throws {
    let indivisible = try #require(
      mistake {
        $0["model"] = ["contextLength": 8, "sizes": ["a": ["width": 10, "layers": 1, "heads": 3]]]
      })
    #expect(indivisible.what.contains("width 10 is not divisible by heads 3"))
    #expect(indivisible.location == "model.sizes.a")
    #expect(indivisible.kind == .badConfig)
    #expect(mistake { $0["tokenMultipliers"] = [0] }?.what == "a token multiplier of 0.0")
    #expect(mistake { $0["tokenMultipliers"] = [-20] }?.location == "tokenMultipliers")
    #expect(mistake { $0["tokenMultipliers"] = nil }?.what == "the grid has no runs")
    #expect(mistake { $0["corpora"] = "none" }?.kind == .missingInput)
    #expect(mistake { $0["roles"] = ["fit": ["z20"]] }?.what == "z20 matches no run")
    #expect(mistake { $0["tokenMultipliers"] = [20, 20] }?.what.contains("listed twice") == true)
    #expect(mistake { $0["training"] = ["beta1": 1.5] }?.what == "beta1 is 1.5")
    #expect(mistake { $0["sizes"] = "q" }?.what == "there is no size \"q\"")
  }
}
