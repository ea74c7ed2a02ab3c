import Experiment
import Foundation
import ScalingLaws
import Testing

/// Intervals and the numbers below them.
struct IntervalTests {
  /// Two-sided quantiles from printed tables.
  @Test(arguments: [
    (0.90, 1, 6.31375), (0.90, 2, 2.91999), (0.95, 3, 3.18245), (0.95, 4, 2.77645),
    (0.90, 7, 1.89458), (0.99, 10, 3.16927), (0.95, 30, 2.04227),
  ])
  func studentT(level: Double, degrees: Int, value: Double) {
    #expect(abs(StudentT.quantile(level: level, degrees: degrees) - value) < 1e-5)
  }

  @Test func chiSquaredMoments() {
    var random = RandomSource(seed: 7)
    let draws = (0..<20_000).map { _ in random.chiSquared(degrees: 3) }
    let mean = draws.reduce(0, +) / 20_000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
    #expect(abs(mean - 3) < 0.06)
    #expect(abs(variance - 6) < 0.4)
  }

  /// Nominal 90 % intervals hold a new run about as often as they say, at n − p = 1 and 4, for the
  /// bootstrap and for delta-t: the naive bootstrap covers half of them at n = 5.
  @Test(arguments: [5, 8])
  func coverage(n: Int) throws {
    let law = OverTrainingLaw(E: 1.84, a: 212, b: 367, eta: 0.1364)
    let sizes = [1.06e7, 7.9e7, 1.54e8, 4.12e8]
    var cells = sizes.map { ($0, 20.0) } + [(1.06e7, 320)]
    if n == 8 { cells += [(1.06e7, 80), (7.9e7, 80), (7.9e7, 320)] }
    var random = RandomSource(seed: 11)
    var (boot, delta) = (0, 0)
    let replicates = 120
    for _ in 0..<replicates {
      let points = cells.enumerated().map { i, cell in
        LawPoint(
          run: "\(i)", parameters: cell.0, tokens: cell.0 * cell.1,
          loss: law.loss(parameters: cell.0, tokens: cell.0 * cell.1)
            * exp(0.003 * random.normal()), role: .fit)
      }
      let fit = try Fit(
        LawData(points: points, source: "simulation"), options: FitOptions(.log, draws: 200))
      let estimate = fit.predict(parameters: 6.9e9, tokens: 6.9e9 * 20).loss
      let truth = law.loss(parameters: 6.9e9, tokens: 6.9e9 * 20) * exp(0.003 * random.normal())
      if let low = estimate.low, let high = estimate.high, low <= truth, truth <= high { boot += 1 }
      if let low = estimate.deltaLow, let high = estimate.deltaHigh, low <= truth, truth <= high {
        delta += 1
      }
    }
    for hits in [boot, delta] {
      let share = Double(hits) / Double(replicates)
      #expect((0.82...0.98).contains(share), "covered \(share)")
    }
  }

  /// As many parameters as runs: a law, but no interval, and the warning says why.
  @Test func noDegreesOfFreedom() throws {
    var data = GadreRuns.data(GadreRuns.c4)
    data.points.remove(at: 1)
    let fit = try Fit(data, options: FitOptions(.log, draws: 20))
    let prediction = fit.predict(parameters: 1e9, tokens: 2e10)
    #expect(prediction.loss.low == nil && prediction.loss.deltaLow == nil)
    #expect(fit.warnings.contains { $0.contains("no interval") })
  }

  /// One degree of freedom: an interval, wide, with the warning.
  @Test func oneDegreeOfFreedom() throws {
    let fit = try Fit(GadreRuns.data(GadreRuns.c4), options: FitOptions(.log, draws: 400))
    let loss = fit.predict(parameters: 6.89e9, tokens: 1.378e11).loss
    let (low, high) = (try #require(loss.low), try #require(loss.high))
    #expect(low < loss.predicted && loss.predicted < high)
    #expect(high - low > 0.3)
    #expect(fit.warnings.contains { $0.contains("not calibrated") })
  }
}
