import Experiment
import Foundation
import ScalingLaws
import Testing

/// Laws found again from points that they made.
struct RecoveryTests {
  static let grid = [1e6, 4e6, 2e7, 1e8].flatMap { n in
    [10.0, 20, 80, 320].map { (n, n * $0) }
  }

  static func data(_ law: any LossLaw, error: ErrorLaw? = nil) -> LawData {
    LawData(
      points: grid.enumerated().map { i, cell in
        let loss = law.loss(parameters: cell.0, tokens: cell.1)
        return LawPoint(
          run: "r\(i)", parameters: cell.0, tokens: cell.1, loss: loss,
          error: error?.error(atLoss: loss), role: .fit)
      }, source: "synthetic")
  }

  @Test(arguments: Objective.allCases)
  func tied(objective: Objective) throws {
    let law = OverTrainingLaw(E: 1.7, a: 210, b: 350, eta: 0.14)
    let error = ErrorLaw(epsilon: 0.86, k: 2.2, gamma: 0.71)
    let fit = try Fit(Self.data(law, error: error), options: FitOptions(objective))
    for wanted in law.coefficients + error.coefficients {
      #expect(abs(fit.coefficient(wanted.name) / wanted.value - 1) < 1e-6, "\(wanted.name)")
    }
  }

  @Test(arguments: Objective.allCases)
  func free(objective: Objective) throws {
    let law = ChinchillaLaw(E: 1.82, A: 480, B: 2100, alpha: 0.348, beta: 0.366)
    let fit = try Fit(Self.data(law), options: FitOptions(objective, law: .chinchilla))
    for wanted in law.coefficients {
      #expect(abs(fit.coefficient(wanted.name) / wanted.value - 1) < 1e-6, "\(wanted.name)")
    }
  }

  /// A run of weight 3 counts as three runs.
  @Test(
    arguments: Objective.allCases,
    [LawKind.overTraining, .chinchilla, .floorless, .computeOnly, .kaplan])
  func weightIsRepetition(objective: Objective, law: LawKind) throws {
    var random = RandomSource(seed: 9)
    var data = Self.data(OverTrainingLaw(E: 1.7, a: 210, b: 350, eta: 0.14))
    data.points = data.points.map {
      $0.with(loss: $0.loss.map { $0 * exp(0.01 * random.normal()) })
    }
    let plain = try Fit(data, options: FitOptions(objective, law: law))
    var (weighted, repeated) = (data, data)
    for i in [0, 5, 11] {
      weighted.points[i].weight = 3
      repeated.points += [data.points[i], data.points[i]]
    }
    let found = try Fit(weighted, options: FitOptions(objective, law: law))
    let wanted = try Fit(repeated, options: FitOptions(objective, law: law))
    #expect(abs(found.objectiveValue / wanted.objectiveValue - 1) < 1e-9)
    for coefficient in wanted.coefficients {
      #expect(abs(found.coefficient(coefficient.name) / coefficient.value - 1) < 1e-6)
    }
    #expect(abs(found.objectiveValue / plain.objectiveValue - 1) > 1e-3)
    // Where all weigh the same nothing moves but the noise of a run of weight 1.
    data.points = data.points.map {
      var point = $0
      point.weight = 4
      return point
    }
    let even = try Fit(data, options: FitOptions(objective, law: law))
    #expect(abs((even.residualSD ?? 0) / (plain.residualSD ?? 1) - 2) < 1e-5)
    #expect(try #require(LawData(csvText: data.csvText, name: "a").points.first?.weight) == 4)
  }

  /// The free law on points of a tied one finds α = β.
  @Test func freeFindsTied() throws {
    let law = OverTrainingLaw(E: 1.2, A: 90, B: 300, alpha: 0.27)
    let fit = try Fit(Self.data(law), options: FitOptions(.log, law: .chinchilla))
    #expect(abs(fit.coefficient("alpha") - 0.27) < 1e-6)
    #expect(abs(fit.coefficient("beta") - 0.27) < 1e-6)
  }

  /// Without an irreducible loss the bound E = 0 is found and said.
  @Test func boundIsReported() throws {
    var data = Self.data(OverTrainingLaw(E: 0, A: 90, B: 300, alpha: 0.1))
    data.points = data.points.map {
      // Slightly steeper at the end than any E ≥ 0 allows.
      LawPoint(
        run: $0.run, parameters: $0.parameters, tokens: $0.tokens,
        loss: $0.loss.map { $0 * (1 - 0.01 * log($0)) - 0.8 }, role: .fit)
    }
    let fit = try Fit(data, options: FitOptions(.paper))
    #expect(fit.lossLaw.irreducibleLoss == 0)
    #expect(fit.warnings.contains { $0.contains("no irreducible loss") })
  }

  /// The median-like objective hardly sees one bad run; squares do.
  @Test func huberResistsAnOutlier() throws {
    let law = OverTrainingLaw(E: 1.7, a: 210, b: 350, eta: 0.14)
    var data = Self.data(law)
    let bad = data.points[0]
    data.points[0] = LawPoint(
      run: bad.run, parameters: bad.parameters, tokens: bad.tokens,
      loss: bad.loss.map { $0 * 1.2 }, role: .fit)
    let huber = try Fit(data, options: FitOptions(.huber))
    let squares = try Fit(data, options: FitOptions(.log))
    #expect(abs(huber.coefficient("eta") / 0.14 - 1) < 0.005)
    #expect(abs(squares.coefficient("eta") / 0.14 - 1) > 0.05)
  }

  /// Same input, same bits: there is no start value and no unseeded draw.
  @Test func isDeterministic() throws {
    let data = GadreRuns.data(GadreRuns.c4)
    let options = FitOptions(.log, draws: 50)
    let first = try StableJSON.encode(Fit(data, options: options))
    #expect(try StableJSON.encode(Fit(data, options: options)) == first)
  }
}

/// The baselines, found again from points that they made.
struct BaselineRecoveryTests {
  @Test(arguments: Objective.allCases)
  func floorless(objective: Objective) throws {
    let law = FloorlessLaw(A: 20, B: 40, alpha: 0.14, beta: 0.12)
    let fit = try Fit(RecoveryTests.data(law), options: FitOptions(objective, law: .floorless))
    for wanted in law.coefficients {
      #expect(abs(fit.coefficient(wanted.name) / wanted.value - 1) < 1e-6, "\(wanted.name)")
    }
    #expect(fit.lossLaw.irreducibleLoss == 0)
  }

  @Test(arguments: Objective.allCases)
  func computeOnly(objective: Objective) throws {
    let law = ComputeLaw(E: 1.9, lambda: 300, eta: 0.12)
    let fit = try Fit(RecoveryTests.data(law), options: FitOptions(objective, law: .computeOnly))
    for wanted in law.coefficients {
      #expect(abs(fit.coefficient(wanted.name) / wanted.value - 1) < 1e-6, "\(wanted.name)")
    }
  }
}
