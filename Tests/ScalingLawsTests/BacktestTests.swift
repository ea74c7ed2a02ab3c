import Experiment
import Foundation
import ScalingLaws
import Testing

/// The backtests that `RecommendedRule` and the width of `WeaklyTied` rest on: laws fitted on the
/// cheaper part of runs that are themselves cheap, and compared on their dearer part.
struct BacktestTests {
  /// A fit on some runs, and the runs to compare with.
  struct Split {
    let group: String
    let fit: [LawPoint]
    let held: [LawPoint]
  }

  static let tables = GadreRuns.folder.deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("tables")
  static var isPresent: Bool {
    GadreRuns.isPresent && FileManager.default.fileExists(atPath: tables.path)
  }

  /// Runs of Gadre et al. up to 2.04e19 FLOPs with M ≥ 10, one set a validation set.
  static func published(_ thresholds: [Double]) throws -> [Split] {
    let testbed = try GadreTestbed(GadreRuns.folder)
    let lossSets = [
      "c4_val", "openlm", "paloma_c4_en", "paloma_dolma_100_programing_languages",
      "paloma_falcon-refinedweb", "paloma_ptb", "paloma_redpajama", "de-en",
    ]
    return try RecommendedRuleTests.sets.flatMap { set in
      try lossSets.flatMap { lossSet in
        let cheap = try testbed.data(trainingSet: set, lossSet: lossSet, errors: .subset).points
          .filter { $0.compute <= 2.04e19 && $0.tokenMultiplier > 9.9 }
        return split(cheap, by: \.compute, thresholds, group: lossSet == "c4_val" ? "C4" : "others")
      }
    }
  }

  /// Single-epoch runs of Muennighoff et al. with M > 4, and OLMo's ladder without its targets.
  static func tabled(fewest: Int, most: Int) throws -> [Split] {
    func rows(_ name: String) throws -> [[String: String]] {
      let lines = try String(contentsOf: tables.appendingPathComponent(name), encoding: .utf8)
        .split(whereSeparator: \.isNewline)
        .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
      return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
    }
    func number(_ row: [String: String], _ key: String) -> Double {
      row[key].flatMap(Double.init) ?? .nan
    }
    func point(_ n: Double, _ d: Double, _ loss: Double) -> LawPoint {
      LawPoint(run: "\(n) \(d)", parameters: n, tokens: d, loss: loss, role: .fit)
    }
    let single = try rows("datablations.csv").filter {
      number($0, "val_loss") > 0 && number($0, "D_total") <= 1.001 * number($0, "U_unique")
        && ($0["is_seed_rerun"], $0["is_opt_variant"], $0["is_dedup"]) == ("0", "0", "0")
    }.map { point(number($0, "N"), number($0, "D_total"), number($0, "val_loss")) }
      .filter { $0.tokenMultiplier > 4 }
    let ladder = try rows("olmo_ladder.csv")
      .map { point(number($0, "N"), number($0, "D"), number($0, "c4_loss_avg5")) }
    return [("datablations", single), ("ladder", ladder)].flatMap { name, points in
      let sorted = points.sorted { $0.compute < $1.compute }
      return stride(from: fewest, through: min(most, sorted.count - 3), by: 3).map {
        Split(group: name, fit: Array(sorted.prefix($0)), held: Array(sorted.dropFirst($0)))
      }
    }
  }

  private static func split(
    _ points: [LawPoint], by key: (LawPoint) -> Double, _ thresholds: [Double], group: String
  ) -> [Split] {
    thresholds.map { limit in
      Split(
        group: group, fit: points.filter { key($0) <= limit },
        held: points.filter { key($0) > limit })
    }
  }

  /// The geometric mean over groups of a law's mean relative error in percent.
  static func score(_ law: LawKind, _ objective: Objective, _ splits: [Split]) throws -> Double {
    var errors: [String: [Double]] = [:]
    for split in splits {
      var data = LawData(points: split.fit, source: "backtest")
      data.points = data.points.map {
        LawPoint(
          run: $0.run, parameters: $0.parameters, tokens: $0.tokens, loss: $0.loss, role: .fit)
      }
      let fit = try Fit(data, options: FitOptions(objective, law: law))
      let off = split.held.map { point in
        abs(
          fit.lossLaw.loss(parameters: point.parameters, tokens: point.tokens)
            / (point.loss ?? .nan) - 1)
      }
      errors[split.group, default: []].append(100 * off.reduce(0, +) / Double(off.count))
    }
    let means = errors.values.map { $0.reduce(0, +) / Double($0.count) }
    return exp(means.reduce(0) { $0 + log($1) } / Double(means.count))
  }

  /// With 10 to 16 runs a weak tie is as good as α = β, and better than free exponents by a tenth.
  @Test(
    .enabled(if: isPresent, "needs ../shared/gadre2024 and ../shared/tables"),
    arguments: [Objective.log, .huber])
  func weakTie(objective: Objective) throws {
    let splits = try Self.published([3e18, 8e18]) + Self.tabled(fewest: 10, most: 16)
    let laws = [LawKind.overTraining, .weaklyTied, .chinchilla]
    let scores = try laws.map { try Self.score($0, objective, splits) }
    if RefitBenchmarkTests.isBenchmark { print("10 to 16 runs, \(objective): \(scores)") }
    #expect(scores[1] < 1.02 * scores[0])
    #expect(scores[1] < 0.9 * scores[2])
  }

  /// With 7 to 9 runs a law without a floor is the better guess, and a weak tie helps it too.
  @Test(.enabled(if: isPresent, "needs ../shared/gadre2024 and ../shared/tables"))
  func fewRuns() throws {
    let splits = try Self.published([3.8e17, 1e18]) + Self.tabled(fewest: 7, most: 7)
    var scores: [String: Double] = [:]
    for law in [LawKind.overTraining, .weaklyTied, .floorless, .weaklyTiedFloorless] {
      scores[law.rawValue] = try Self.score(law, .log, splits)
    }
    if RefitBenchmarkTests.isBenchmark { print("7 to 9 runs: \(scores)") }
    let best = try #require(scores["weakly-tied-no-floor"])
    #expect(best == scores.values.min())
  }
}
