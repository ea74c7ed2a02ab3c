import Foundation

/// How grades did: what single-task predictions, those that a grade refuses too, were worth on held-out
/// runs, beside guesses that take no law.
public struct TaskRecord: Codable, Sendable, Equatable {
  /// One task. Errors are relative, means over the held-out runs.
  public struct Task: Codable, Sendable, Equatable {
    /// Its name.
    public let task: String
    /// Its grade, from small runs.
    public let grade: TaskGrade.Grade
    /// The backtest that the grade rests on.
    public let backtest: Double
    /// Of the small runs' sigmoid at the held-out runs' predicted losses.
    public let predicted: Double
    /// Of the guess that error stays at the small runs' mean.
    public let constant: Double
    /// Of the guess that it stays at the best small run's.
    public let best: Double
  }

  /// Every task with a grade, in the order of the grades.
  public let tasks: [Task]
  /// Spearman's correlation of `backtest` and `predicted` over the tasks.
  public let rankCorrelation: Double

  /// Means of `predicted`, `constant` and `best` over the tasks with one of `grades`; nil without any.
  public func means(
    _ grades: Set<TaskGrade.Grade>
  ) -> (tasks: Int, predicted: Double, constant: Double, best: Double)? {
    let some = tasks.filter { grades.contains($0.grade) }
    guard !some.isEmpty else { return nil }
    func mean(_ key: (Task) -> Double) -> Double {
      some.reduce(0) { $0 + key($1) } / Double(some.count)
    }
    return (some.count, mean(\.predicted), mean(\.constant), mean(\.best))
  }
}

extension Fit {
  /// The record on this fit's held-out runs; nil where none of them has errors by task.
  public var taskRecord: TaskRecord? {
    let held = predictions.compactMap { prediction in
      data.points.first { $0.run == prediction.run }?.taskErrors
        .map { (loss: prediction.loss.predicted, errors: $0) }
    }
    let tasks = TaskGrade.all(data).compactMap { grade -> TaskRecord.Task? in
      let actual = held.compactMap { run in run.errors[grade.task].map { (run.loss, $0) } }
      guard !actual.isEmpty else { return nil }
      let small = data.smallErrors(on: grade.task)
      let law = SigmoidErrorLaw(fitting: small)
      let level = small.reduce(0) { $0 + $1.error } / Double(small.count)
      func off(_ guess: (Double) -> Double) -> Double {
        actual.reduce(0) { $0 + abs(guess($1.0) - $1.1) / max($1.1, 0.01) } / Double(actual.count)
      }
      return TaskRecord.Task(
        task: grade.task, grade: grade.grade, backtest: grade.backtest,
        predicted: off { law.error(atLoss: $0) }, constant: off { _ in level },
        best: off { _ in grade.best })
    }
    guard !tasks.isEmpty else { return nil }
    return TaskRecord(
      tasks: tasks,
      rankCorrelation: rankCorrelation(tasks.map(\.backtest), tasks.map(\.predicted)))
  }
}
