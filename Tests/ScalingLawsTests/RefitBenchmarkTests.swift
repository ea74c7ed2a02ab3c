import Experiment
import Foundation
import ScalingLaws
import Testing

/// How long a thousand bootstrap refits take.
///
/// `OVERTRAIN_BENCHMARK=1 swift test -c release --filter RefitBenchmarkTests` prints one JSON object
/// a line; without it a hundred refits are made, to see that they are made at all.
struct RefitBenchmarkTests {
  static let isBenchmark = ProcessInfo.processInfo.environment["OVERTRAIN_BENCHMARK"] != nil

  /// 30 noisy runs on 5 sizes and 6 multipliers.
  static func data() -> LawData {
    var random = RandomSource(seed: 30)
    let law = ChinchillaLaw(E: 1.8, A: 480, B: 2100, alpha: 0.34, beta: 0.36)
    let cells = [1e7, 4e7, 1.5e8, 4e8, 1e9].flatMap { n in
      [10.0, 20, 40, 80, 160, 320].map { (n, n * $0) }
    }
    return LawData(
      points: cells.enumerated().map { i, cell in
        LawPoint(
          run: "\(i)", parameters: cell.0, tokens: cell.1,
          loss: law.loss(parameters: cell.0, tokens: cell.1) * exp(0.01 * random.normal()),
          role: .fit)
      }, source: "made")
  }

  @Test(
    .serialized,
    arguments: [LawKind.overTraining, .chinchilla, .weaklyTied], Objective.allCases)
  func thousandRefits(law: LawKind, objective: Objective) throws {
    let draws = Self.isBenchmark ? 1000 : 100
    var options = FitOptions(objective, law: law, draws: draws)
    options.inflates = false
    let start = ContinuousClock.now
    let fit = try Fit(Self.data(), options: options)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let alpha = try #require(fit.coefficientIntervals["alpha"])
    #expect(alpha.lowerBound < alpha.upperBound)
    guard Self.isBenchmark else { return }
    print(
      """
      {"law": "\(law.rawValue)", "objective": "\(objective.rawValue)", "runs": 30, \
      "refits": \(draws), "seconds": \(seconds)}
      """)
    #expect(seconds < (law == .overTraining ? 1 : 10))
  }
}
