import Foundation

/// What a law has to beat, and what no law can.
extension LawData {
  /// The loss of the best run that the law is fitted on: the guess of somebody without a law.
  public var bestFitLoss: Double? { lossFit.compactMap(\.loss).min() }

  /// The relative standard deviation of loss between seeds of one cell, pooled over the cells that
  /// have several, with its degrees of freedom: the noise that no law can predict.
  public var seedNoise: (sd: Double, degreesOfFreedom: Int)? {
    var cells: [SIMD2<Double>: [Double]] = [:]
    for point in points {
      if let loss = point.loss { cells[point.coordinates, default: []].append(log(loss)) }
    }
    var squares = 0.0
    var degrees = 0
    // In order, so that the sum has the same bits each time.
    for key in cells.keys.sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) }) {
      guard let logs = cells[key], logs.count > 1 else { continue }
      let mean = logs.reduce(0, +) / Double(logs.count)
      squares += logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      degrees += logs.count - 1
    }
    return degrees == 0 ? nil : ((squares / Double(degrees)).squareRoot(), degrees)
  }
}

extension Fit {
  /// The largest relative error on the held-out losses: of the law, and of taking the best fitted
  /// run's loss instead. Nil without measured held-out runs.
  public var worstHeldOut: (law: Double, bestRun: Double)? {
    let scored = predictions.compactMap { p in
      p.loss.actual.map { (p.loss.relativeError ?? .infinity, $0) }
    }
    guard let law = scored.map(\.0).max(), let guess = data.bestFitLoss else { return nil }
    return (law, scored.map { abs(guess - $0.1) / $0.1 }.max() ?? 0)
  }
}
