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
  /// Validation loss, nats per token.
  public let loss: Estimate
  /// Average top-1 error, a share; nil without an error law.
  public let error: Estimate?

  private enum CodingKeys: String, CodingKey {
    case run, extrapolation, loss, error
    case parameters = "N"
    case tokens = "D"
    case compute = "C"
    case tokenMultiplier = "M"
  }
}
