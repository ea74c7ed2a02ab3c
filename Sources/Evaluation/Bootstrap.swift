import Experiment

/// The 95 % percentile bootstrap interval of the mean of `values`.
///
/// - Parameters:
///   - values: one number per sequence, the unit that is resampled
///   - resamples: how many times the mean is drawn again
///   - seed: the same seed gives the same interval
package func bootstrapInterval(
  ofMean values: [Double], resamples: Int = 1000, seed: UInt64
) -> (low: Double, high: Double) {
  precondition(!values.isEmpty && resamples > 0)
  var random = RandomSource(seed: seed)
  var means: [Double] = []
  means.reserveCapacity(resamples)
  for _ in 0..<resamples {
    var sum = 0.0
    for _ in values.indices { sum += values[random.integer(below: values.count)] }
    means.append(sum / Double(values.count))
  }
  means.sort()
  return (quantile(0.025, ofSorted: means), quantile(0.975, ofSorted: means))
}

/// The `p` quantile, linear between the two nearest order statistics.
private func quantile(_ p: Double, ofSorted values: [Double]) -> Double {
  let position = p * Double(values.count - 1)
  let below = Int(position)
  let above = min(below + 1, values.count - 1)
  return values[below] + (position - Double(below)) * (values[above] - values[below])
}
