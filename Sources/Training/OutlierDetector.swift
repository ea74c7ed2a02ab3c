import Experiment

/// Tells how far a value lies above the last 128, in their standard deviations.
///
/// Values that are far off are not taken in, so that a spike does not become the new normal.
public struct OutlierDetector: Codable, Sendable, Equatable {
  /// How many values are remembered; before there are so many, nothing is far off.
  public static let window = 128

  private var values: [Double] = []
  private var oldest = 0
  /// Values far off since the last that was not.
  public private(set) var streak = 0

  /// Remembers nothing.
  public init() {}

  /// The mean of the values remembered.
  public var mean: Double { values.reduce(0, +) / Double(max(1, values.count)) }

  /// (value − mean) / deviation; infinity of NaN, nil while there are too few values.
  public func z(_ value: Double) -> Double? {
    guard value.isFinite else { return .infinity }
    guard values.count == Self.window else { return nil }
    let mean = mean
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    // Values that are all alike have no scale of their own.
    return (value - mean) / max(variance.squareRoot(), 1e-6 * max(abs(mean), 1e-12))
  }

  /// Takes in the next value.
  public mutating func add(_ value: Double, isFarOff: Bool) {
    streak = isFarOff ? streak + 1 : 0
    guard !isFarOff else { return }
    if values.count < Self.window {
      values.append(value)
    } else {
      values[oldest] = value
      oldest = (oldest + 1) % Self.window
    }
  }
}

/// What a run's loss and gradients have been like, and when they were not.
///
/// A step is an incident when its loss is six deviations and a fifth above the recent mean, or the
/// norm of its gradient six deviations and tenfold. After 32 such steps in a row training is given
/// up: that is no noise, and the run would not be the one that its law is about.
public struct TrainingHealth: Codable, Sendable, Equatable {
  /// Steps in a row after which a run is given up.
  public static let patience = 32
  private static let threshold = 6.0
  private static let mostIncidents = 100

  private var loss = OutlierDetector()
  private var gradientNorm = OutlierDetector()
  /// The first steps that were far off.
  public private(set) var incidents: [RunRecord.Incident] = []

  /// Nothing has happened yet.
  public init() {}

  /// Whether the update of a step with this loss or gradient is to be left out.
  func shouldSkip(loss value: Double, gradientNorm norm: Double, _ config: TrainingConfig) -> Bool {
    func exceeds(_ z: Double?, _ limit: Double?) -> Bool {
      guard let z, let limit else { return false }
      return z > limit
    }
    return exceeds(loss.z(value), config.skipLossZ)
      || exceeds(gradientNorm.z(norm), config.skipGradientZ)
  }

  /// Takes in a step.
  mutating func add(step: Int, loss value: Double, gradientNorm norm: Double, skipped: Bool) {
    let before = incidents.count
    note(.loss, step, value, factor: 1.2, skipped, \.loss)
    note(.gradientNorm, step, norm, factor: 10, skipped, \.gradientNorm)
    // A step may be left out for less than an incident; it is noted all the same.
    if skipped, incidents.count == before {
      append(.loss, step, value, loss.mean, loss.z(value) ?? 0, skipped)
    }
  }

  /// Why training is to be given up, nil while it is not.
  var failure: String? {
    for (name, detector) in [("loss", loss), ("gradient norm", gradientNorm)]
    where detector.streak >= Self.patience {
      let kind: RunRecord.Incident.Kind = name == "loss" ? .loss : .gradientNorm
      guard let first = incidents.last(where: { $0.kind == kind }) else { continue }
      return
        "\(name) \(first.value) after a mean of \(first.usual) (z = \(first.z)), and no better "
        + "for \(Self.patience) steps"
    }
    return nil
  }

  private mutating func note(
    _ kind: RunRecord.Incident.Kind, _ step: Int, _ value: Double, factor: Double, _ skipped: Bool,
    _ path: WritableKeyPath<TrainingHealth, OutlierDetector>
  ) {
    let detector = self[keyPath: path]
    let z = detector.z(value) ?? 0
    let isFarOff = z > Self.threshold && !(value <= factor * detector.mean)
    // Of a streak, the step with which it begins.
    if isFarOff, detector.streak == 0 {
      append(kind, step, value.isNaN ? .infinity : value, detector.mean, z, skipped)
    }
    self[keyPath: path].add(value, isFarOff: isFarOff)
  }

  private mutating func append(
    _ kind: RunRecord.Incident.Kind, _ step: Int, _ value: Double, _ usual: Double, _ z: Double,
    _ skipped: Bool
  ) {
    guard incidents.count < Self.mostIncidents else { return }
    incidents.append(
      .init(step: step, kind: kind, value: value, usual: usual, z: z, skipped: skipped))
  }
}
