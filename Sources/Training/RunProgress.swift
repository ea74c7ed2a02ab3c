import Experiment

/// What a run's loop remembers between steps, beside weights and moments.
public struct RunProgress: Codable, Sendable, Equatable {
  /// The run that this is the progress of.
  public let runID: String
  /// Steps done.
  public var step = 0
  /// Sum of the step losses since the last line of the log, and how many.
  public var loggedLoss = Sum()
  /// Lines that the log had at this step; nil of checkpoints from before lines were counted.
  public var loggedLines: Int?
  /// What loss and gradients had been like.
  public var health: TrainingHealth?
  /// Sum of the step losses in the last tenth of the run, and how many.
  public var finalLoss = Sum()

  /// A sum and its count.
  public struct Sum: Codable, Sendable, Equatable {
    /// The sum.
    public var total = 0.0
    /// How many values it has.
    public var count = 0
    /// The mean, nil of nothing.
    public var mean: Double? { count > 0 ? total / Double(count) : nil }

    /// The sum of nothing.
    public init() {}

    /// Adds a value.
    public mutating func add(_ value: Double) {
      total += value
      count += 1
    }
  }

  /// The progress of a run that has not begun.
  public init(runID: String) { self.runID = runID }
}
