import Experiment
import Foundation
import ScalingLaws
import Testing

/// Optima of other people's points, where those lie beside the repository.
struct PublishedOptimaTests {
  static let tables = GadreRuns.folder.deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("tables")

  static func isThere(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: tables.appendingPathComponent(name).path)
  }

  /// Besiroglu et al. 2024 (arXiv 2404.10102): the 245 digitised points of Hoffmann et al. without the
  /// five highest losses; the optimum on which six of six starts agreed.
  @Test(
    .enabled(
      if: isThere("besiroglu.csv"),
      "needs the 245 points in ../shared/tables/besiroglu.csv, columns N,D,loss"))
  func besiroglu() throws {
    var data = try LawData(csv: Self.tables.appendingPathComponent("besiroglu.csv"))
    let highest = Set(data.points.compactMap(\.loss).sorted().suffix(5))
    if data.points.count == 245 {
      data.points = data.points.filter { !highest.contains($0.loss ?? 0) }
    }
    #expect(data.points.count == 240)
    let huber = try Fit(data, options: FitOptions(.huber, law: .chinchilla))
    #expect(huber.objectiveValue <= 0.00101827401780 * (1 + 1e-9))
    for (name, value, tolerance) in [
      ("E", 1.81722, 1e-5), ("A", 477.826, 1e-3), ("B", 2143.42, 1e-2), ("alpha", 0.34731, 1e-5),
      ("beta", 0.36717, 1e-5),
    ] {
      #expect(abs(huber.coefficient(name) - value) < tolerance, "\(name)")
    }
    for (objective, golden) in [
      (Objective.paper, [1.8828, 567.8, 7581.9, 0.3576, 0.4276]),
      (.log, [1.8653, 595.6, 4929.5, 0.3605, 0.4064]),
    ] {
      let fit = try Fit(data, options: FitOptions(objective, law: .chinchilla))
      for (name, value) in zip(["E", "A", "B", "alpha", "beta"], golden) {
        #expect(abs(fit.coefficient(name) / value - 1) < 1e-3, "\(name)")
      }
    }
  }

  /// OLMo's ladder (Bhagia et al.): 16 runs, the free law, Huber on log loss; what it predicts of
  /// 13B-5T by their own code.
  @Test(.enabled(if: isThere("olmo_ladder.csv"), "needs ../shared/tables/olmo_ladder.csv"))
  func olmoLadder() throws {
    for (column, golden) in [
      ("c4_loss_avg5", 2.3443873053), ("hellaswag_bpb_avg5", 0.6531765996),
      ("piqa_bpb_avg5", 0.8747948864), ("arc_easy_bpb_avg5", 0.5931045976),
    ] {
      var data = try LawData(
        csv: Self.tables.appendingPathComponent("olmo_ladder.csv"),
        mapping: ColumnMapping(["run=run", "N=N", "D=D", "loss=\(column)"]))
      let target = try #require(data.points.first { $0.parameters > 1e10 })
      data.points = data.points.filter { $0.parameters < 5e9 }
      #expect(data.points.count == 16)
      let fit = try Fit(data, options: FitOptions(.huber, law: .chinchilla))
      let predicted = fit.lossLaw.loss(parameters: target.parameters, tokens: target.tokens)
      #expect(abs(predicted / golden - 1) < 1e-8, "\(column): \(predicted)")
    }
  }

  /// Muennighoff et al.'s repeating runs, finished, without seed re-runs and variants, with their law of
  /// fresh tokens given: R*_D and R*_N of the least squared log loss, against a coordinate search in
  /// Python. Theirs, 15.388 and 5.310, rest on a choice of 182 runs that the table does not tell; over
  /// all 196 the overfitted ones pull R*_N down.
  @Test(.enabled(if: isThere("datablations.csv"), "needs ../shared/tables/datablations.csv"))
  func datablations() throws {
    let text = try String(
      contentsOf: Self.tables.appendingPathComponent("datablations.csv"), encoding: .utf8)
    var runs: [DataConstrainedLaw.Run] = []
    for line in text.split(whereSeparator: \.isNewline).dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard cells.count == 9, cells[6] == "0", cells[7] == "0", cells[8] == "0" else { continue }
      let n = Double(cells[1]) ?? .nan
      let d = Double(cells[2]) ?? .nan
      let unique = Double(cells[3]) ?? .nan
      let loss = Double(cells[4]) ?? .nan
      if loss > 0 && d > unique * 1.001 { runs.append((n, d, unique, loss)) }
    }
    #expect(runs.count == 196)
    let base = ChinchillaLaw(
      logA: 6.255414, logB: 7.3049974, logE: 0.6254804, alpha: 0.3526596, beta: 0.3526596)
    let law = DataConstrainedLaw(base: base, runs: runs)
    #expect(abs(law.repetitionScale / 14.61307547 - 1) < 1e-4)
    #expect(abs(law.excessScale / 0.83408158 - 1) < 1e-4)
  }
}
