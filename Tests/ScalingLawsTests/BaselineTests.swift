import Foundation
import ScalingLaws
import Testing

struct BaselineTests {
  /// Pooled over cells: two of the same loss, two e^±0.01 around theirs, one alone.
  @Test func seedNoise() throws {
    let losses = [
      (1e6, 3.0), (1e6, 3.0), (2e6, 2.5 * exp(0.01)), (2e6, 2.5 * exp(-0.01)), (4e6, 2),
    ]
    let points = losses.enumerated().map { i, run in
      LawPoint(run: "\(i)", parameters: run.0, tokens: 1e8, loss: run.1, role: .replicate)
    }
    let noise = try #require(LawData(points: points, source: "test").seedNoise)
    #expect(noise.degreesOfFreedom == 2)
    #expect(abs(noise.sd - 0.01) < 1e-12)
    #expect(LawData(points: [points[4]], source: "test").seedNoise == nil)
  }

  /// On the published runs the law is far better than the best small run's loss.
  @Test func bestRun() throws {
    var data = GadreRuns.data(GadreRuns.c4)
    data.points.append(
      LawPoint(
        run: "7b", parameters: 6_889_410_560, tokens: 137_788_211_200, loss: 2.382215,
        role: .holdout))
    let worst = try #require(try Fit(data, options: FitOptions(.paper)).worstHeldOut)
    #expect(abs(worst.law - 0.04295) < 1e-4)
    #expect(abs(worst.bestRun - (3.041737 - 2.382215) / 2.382215) < 1e-12)
  }
}
