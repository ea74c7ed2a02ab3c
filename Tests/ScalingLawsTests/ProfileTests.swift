import Experiment
import Foundation
import ScalingLaws
import Testing

struct ProfileTests {
  /// Five runs and four parameters: E may be anything below 2.7371, as scipy finds on the same
  /// five points with F(1, 1) (the notes have [−1.2, 2.72]; below zero our law does not go).
  @Test func floorIsOpenWithFiveRuns() throws {
    let fit = try Fit(GadreRuns.data(GadreRuns.redPajama), options: FitOptions(.paper))
    let floor = try #require(fit.profiles.first { $0.name == "E" })
    #expect(floor.low == nil)
    #expect(abs((floor.high ?? 0) - 2.737114) < 1e-4)
  }

  /// With no noise to speak of every profile closes in on the truth.
  @Test(arguments: [Objective.paper, .log])
  func closesIn(objective: Objective) throws {
    var random = RandomSource(seed: 2)
    var data = RecoveryTests.data(ChinchillaLaw(E: 1.8, A: 480, B: 2100, alpha: 0.35, beta: 0.37))
    data.points = data.points.map {
      LawPoint(
        run: $0.run, parameters: $0.parameters, tokens: $0.tokens,
        loss: $0.loss.map { $0 * exp(1e-4 * random.normal()) }, role: .fit)
    }
    let fit = try Fit(data, options: FitOptions(objective, law: .chinchilla))
    #expect(fit.profiles.map(\.name) == ["E", "alpha", "beta"])
    for (profile, truth) in zip(fit.profiles, [1.8, 0.35, 0.37]) {
      let (low, high) = (try #require(profile.low), try #require(profile.high))
      #expect(low < fit.coefficient(profile.name) && fit.coefficient(profile.name) < high)
      #expect(low < truth * 1.005 && high > truth * 0.995)
      #expect(high - low < 0.05 * truth)
    }
  }

  /// Critical values of printed tables.
  @Test(arguments: [
    (3.708, 3, 10, 0.05), (4.965, 1, 10, 0.05), (161.4, 1, 1, 0.05), (2.70, 10, 40, 0.0127),
  ])
  func fisher(f: Double, top: Int, bottom: Int, tail: Double) {
    #expect(abs(FDistribution.upperTail(f, top, bottom) - tail) < 3e-4)
  }

  /// A law that holds passes; one that bends between cells fails, and the fit says so.
  @Test func lackOfFit() throws {
    func fit(bend: Double) throws -> Fit {
      var random = RandomSource(seed: 8)
      let law = OverTrainingLaw(E: 1.7, a: 210, b: 350, eta: 0.14)
      var data = LawData(points: [], source: "made")
      for (i, cell) in RecoveryTests.grid.enumerated() {
        for seed in 0..<2 {
          let loss =
            law.loss(parameters: cell.0, tokens: cell.1) * exp(0.002 * random.normal())
            * (i.isMultiple(of: 2) ? 1 + bend : 1 - bend)
          data.points.append(
            LawPoint(
              run: "\(i)-\(seed)", parameters: cell.0, tokens: cell.1, loss: loss,
              role: seed == 0 ? .fit : .replicate))
        }
      }
      return try Fit(data, options: FitOptions(.log))
    }
    let (holds, bends) = (try fit(bend: 0), try fit(bend: 0.01))
    #expect(try #require(holds.lackOfFit).degrees == [12, 16])
    #expect(try #require(holds.lackOfFit).pValue > 0.05)
    #expect(try #require(bends.lackOfFit).pValue < 1e-4)
    #expect(bends.warnings.contains { $0.contains("misspecified") })
    #expect(try Fit(GadreRuns.data(GadreRuns.c4), options: FitOptions(.log)).lackOfFit == nil)
  }
}

struct TournamentTests {
  /// The law that made the runs wins, and the sentence names it; without a floor it would be worse.
  @Test func truthWins() throws {
    let data = RecoveryTests.data(OverTrainingLaw(E: 1.7, a: 210, b: 350, eta: 0.14))
    let tournament = Tournament(data, objective: .log)
    #expect(tournament.splits.count == 4)
    #expect(tournament.verdict.hasPrefix("trust over-training"))
    #expect(Set(tournament.entries.map(\.law)).isSuperset(of: ["best small run", "compute-only"]))
    let error = { (law: String) in tournament.entries.first { $0.law == law }?.mean ?? .infinity }
    #expect(error("over-training") < 1e-4)
    #expect(error("no-floor") > 0.001)
    #expect(error("best small run") > error("compute-only"))
  }

  /// AICc is not defined for five runs and four parameters.
  @Test func fewRuns() throws {
    let tournament = Tournament(GadreRuns.data(GadreRuns.c4), objective: .log)
    #expect(tournament.entries.first { $0.law == "over-training" }?.aicc == nil)
    #expect(!tournament.verdict.isEmpty)
  }
}
