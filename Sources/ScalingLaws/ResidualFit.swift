import Experiment
import Foundation

/// A fit whose residuals say how precise it is.
protocol ResidualFit: Sendable {
  /// n − p.
  var degreesOfFreedom: Int { get }
  /// Σr² of plain residuals on the objective's scale, whatever the objective weighs.
  var residualSquares: Double { get }
  /// The standard deviation that the fit promises for a new value.
  func predictionSD(at coordinates: SIMD2<Double>) -> Double?
  /// Half the width of a prediction interval, on the objective's scale.
  func halfWidth(at coordinates: SIMD2<Double>, level: Double) -> Double?
}

extension ResidualFit {
  /// s = √(Σr²/(n − p)), nil without degrees of freedom. Relative for a relative objective.
  var residualSD: Double? {
    degreesOfFreedom > 0 ? (residualSquares / Double(degreesOfFreedom)).squareRoot() : nil
  }

  /// By Student's t: t_{n−p} times the promised standard deviation.
  func halfWidth(at coordinates: SIMD2<Double>, level: Double) -> Double? {
    predictionSD(at: coordinates).map {
      StudentT.quantile(level: level, degrees: degreesOfFreedom) * $0
    }
  }

  /// A noise that fits the residuals: σ = √(Σr²/χ²), χ² drawn with n − p degrees of freedom, which must
  /// be positive.
  func drawnNoise(random: inout RandomSource) -> Double {
    (residualSquares / max(random.chiSquared(degrees: degreesOfFreedom), 1e-6)).squareRoot()
  }
}
