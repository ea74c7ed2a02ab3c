import Experiment

/// A task's top-1 error with what is needed to read it.
public struct TaskSummary: Codable, Sendable, Equatable {
  /// Name of the task.
  public let task: String
  /// Share of items whose best choice, under the task's rule, is wrong.
  public let error: Double
  /// The error of a uniform guess.
  public let chance: Double
  /// Items asked.
  public let items: Int
  /// √(p(1−p)/n).
  public let standardError: Double
  /// The task's rule.
  public let rule: ScoringRule?
  /// The error under each rule that compares choices.
  public let errorByRule: [String: Double]?
  /// Items that lost the beginning of their context, which did not fit.
  public let truncated: Int?

  /// - Parameters:
  ///   - error: the error under the task's rule
  ///   - rule: the task's rule
  ///   - errorByRule: the error under each rule
  ///   - truncated: items that lost the beginning of their context
  public init(
    _ error: TaskError, rule: ScoringRule? = nil, errorByRule: [String: Double]? = nil,
    truncated: Int? = nil
  ) {
    task = error.task
    self.error = error.error
    chance = error.chance
    items = error.items
    standardError = error.standardError
    self.rule = rule
    self.errorByRule = errorByRule
    self.truncated = truncated
  }
}
