import Foundation

/// A predicted number with its interval and, where the run exists, what was measured.
public struct Estimate: Codable, Sendable, Equatable {
  /// The law's value.
  public let predicted: Double
  /// Bootstrap prediction interval for one new run; nil when the fit has no degrees of freedom.
  public var low: Double?
  /// The upper end of the same interval.
  public var high: Double?
  /// The same by the delta method and Student's t: a check on the bootstrap.
  public var deltaLow: Double?
  /// The upper end of the same interval.
  public var deltaHigh: Double?
  /// What was measured.
  public var actual: Double?
  /// |predicted − actual|/actual.
  public var relativeError: Double?

  /// - Parameter predicted: the law's value
  public init(predicted: Double) { self.predicted = predicted }

  /// This estimate beside a measured value.
  func compared(with actual: Double?) -> Estimate {
    var copy = self
    copy.actual = actual
    copy.relativeError = actual.map { abs(predicted - $0) / $0 }
    return copy
  }
}

/// How far a run lies beyond the runs that the loss law was fitted on, as ratios.
public struct Reach: Codable, Sendable, Equatable {
  /// C over Σ C of the fitted runs.
  public let totalCompute: Double
  /// N over their largest N.
  public let parameters: Double
  /// D over their largest D.
  public let tokens: Double
  /// M over their largest M.
  public let tokenMultiplier: Double

  private enum CodingKeys: String, CodingKey {
    case totalCompute
    case parameters = "N"
    case tokens = "D"
    case tokenMultiplier = "M"
  }
}

/// What the laws say of a run.
public struct Prediction: Codable, Sendable, Equatable {
  /// The run's name.
  public let run: String
  /// N.
  public let parameters: Double
  /// D.
  public let tokens: Double
  /// C = 6·N·D.
  public let compute: Double
  /// M = D/N.
  public let tokenMultiplier: Double
  /// C over the compute of the largest run that the loss law was fitted on.
  public let extrapolation: Double
  /// The other extrapolation factors; nil in older files.
  public var reach: Reach?
  /// Validation loss, nats per token.
  public let loss: Estimate
  /// Average top-1 error, a share; nil without an error law.
  public let error: Estimate?

  private enum CodingKeys: String, CodingKey {
    case run, extrapolation, reach, loss, error
    case parameters = "N"
    case tokens = "D"
    case compute = "C"
    case tokenMultiplier = "M"
  }
}
