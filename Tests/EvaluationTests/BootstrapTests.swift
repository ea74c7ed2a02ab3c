import Evaluation
import Experiment
import Foundation
import Testing

@Suite struct BootstrapTests {
  /// 400 exponential values of mean 2, drawn anew in each of 200 trials.
  @Test func intervalCoversKnownMean() {
    var random = RandomSource(seed: 7)
    var covered = 0
    var width = 0.0
    for trial in 0..<200 {
      let values = (0..<400).map { _ in -2 * log(1 - random.uniform()) }
      let (low, high) = bootstrapInterval(ofMean: values, seed: UInt64(trial))
      covered += low <= 2 && 2 <= high ? 1 : 0
      width += (high - low) / 200
    }
    // 95 % of 200 within four standard errors (3.1): a 90 % or a 99 % interval would fail.
    #expect((178...199).contains(covered))
    let normal = 2 * 1.96 * 2 / 400.0.squareRoot()
    #expect(abs(width / normal - 1) < 0.05)
  }

  @Test func sameSeedSameInterval() {
    let values = (0..<50).map { Double($0 * $0 % 17) }
    let first = bootstrapInterval(ofMean: values, seed: 3)
    #expect(first == bootstrapInterval(ofMean: values, seed: 3))
    #expect(first != bootstrapInterval(ofMean: values, seed: 4))
    #expect(bootstrapInterval(ofMean: [1.5], seed: 0) == (1.5, 1.5))
  }
}
