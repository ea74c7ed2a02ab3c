import Experiment
import Foundation
import ScalingLaws
import Testing

/// Our optima against scipy's, on made points (Tests/Fixtures/make_law_oracle.py).
struct OracleTests {
  struct Optimum: Decodable {
    let law: LawKind
    let objective: Objective
    let value: Double
    let E, A, B, alpha, beta: Double
  }
  struct Case: Decodable {
    let N, D, loss: [Double]
    let optima: [Optimum]
  }
  struct Oracle: Decodable { let cases: [Case] }

  static func cases() throws -> [Case] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/law_oracle.json")
    return try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: file)).cases
  }

  /// The objective, written again.
  static func height(_ law: (Double, Double) -> Double, _ runs: Case, _ objective: Objective)
    -> Double
  {
    zip(zip(runs.N, runs.D), runs.loss).reduce(0) { sum, run in
      let predicted = law(run.0.0, run.0.1)
      guard objective != .paper else { return sum + (predicted - run.1) * (predicted - run.1) }
      let r = abs(log(predicted / run.1))
      if objective == .log { return sum + r * r }
      return sum + (r <= 1e-3 ? r * r / 2 : 1e-3 * (r - 5e-4))
    }
  }

  /// scipy agrees with our optimum or loses to it; where it agrees, so do the predictions.
  @Test func scipyIsNotBetter() throws {
    let cases = try Self.cases()
    #expect(cases.count == 7)
    for runs in cases {
      let points = runs.N.indices.map {
        LawPoint(
          run: "\($0)", parameters: runs.N[$0], tokens: runs.D[$0], loss: runs.loss[$0], role: .fit)
      }
      #expect(runs.optima.count == 6)
      for oracle in runs.optima {
        let fit = try Fit(
          LawData(points: points, source: "made"),
          options: FitOptions(oracle.objective, law: oracle.law))
        let ours = Self.height(
          fit.lossLaw.loss(parameters:tokens:), runs, oracle.objective)
        let theirs = Self.height(
          {
            oracle.E + oracle.A * pow($0, -oracle.alpha) + oracle.B * pow($1, -oracle.beta)
          }, runs, oracle.objective)
        let what = Comment("\(runs.N.count) runs, \(oracle.law.rawValue), \(oracle.objective)")
        #expect(abs(theirs / oracle.value - 1) < 1e-6, what)
        #expect(abs(fit.objectiveValue / ours - 1) < 1e-9, what)
        #expect(ours <= theirs * (1 + 1e-7), what)
        guard ours > theirs * (1 - 1e-6) else { continue }
        // The same valley: the same prediction a hundred times further out.
        let far = fit.predict(parameters: 1e11, tokens: 1e13).loss.predicted
        let wanted =
          oracle.E + oracle.A * pow(1e11, -oracle.alpha) + oracle.B * pow(1e13, -oracle.beta)
        #expect(abs(far / wanted - 1) < 2e-3, what)
      }
    }
  }
}
