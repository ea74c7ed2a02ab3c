import Foundation

/// What to expect of one task, where the small runs say that it can be predicted.
public struct TaskPrediction: Codable, Sendable, Equatable {
  /// The task.
  public let task: String
  /// Its grade, from small runs only.
  public let grade: TaskGrade.Grade
  /// The error at the run's predicted loss, by a sigmoid of the small runs; nil for a task that is
  /// refused.
  public let error: Double?
  /// How far such a sigmoid was off in the grade's backtest, relative.
  public let backtest: Double
  /// The least error of the small runs.
  public let best: Double
  /// What was measured.
  public let actual: Double?
}

extension Fit {
  /// Every task with a grade at a predicted run, in the order of the grades; only predictable ones get a
  /// number. (Gadre et al.'s law of single tasks does worse than a constant on their own runs.)
  public func taskPredictions(of prediction: Prediction) -> [TaskPrediction] {
    let measured = data.points.first { $0.run == prediction.run }?.taskErrors
    return TaskGrade.all(data).map { grade in
      let law =
        grade.grade == .predictable
        ? SigmoidErrorLaw(fitting: data.smallErrors(on: grade.task)) : nil
      return TaskPrediction(
        task: grade.task, grade: grade.grade,
        error: law?.error(atLoss: prediction.loss.predicted), backtest: grade.backtest,
        best: grade.best, actual: measured?[grade.task])
    }
  }
}

extension LawData {
  /// Losses and errors on a task of the small runs, the cheapest first.
  func smallErrors(on task: String) -> [(loss: Double, error: Double)] {
    TaskGrade.smallRuns(self).compactMap { run in
      guard let loss = run.loss, let error = run.taskErrors?[task] else { return nil }
      return (loss, error)
    }
  }
}

extension SigmoidErrorLaw {
  init(fitting points: [(loss: Double, error: Double)]) {
    self.init(losses: points.map(\.loss), errors: points.map(\.error))
  }
}
