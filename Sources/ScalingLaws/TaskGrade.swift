import Foundation

/// Whether a task's error can be predicted from these runs, judged by small runs only.
public struct TaskGrade: Codable, Sendable, Equatable {
  /// The grades.
  public enum Grade: String, Codable, Sendable {
    /// no run is 5 points better than guessing: there is nothing to extrapolate
    case atChance = "at chance"
    /// the backtest was off by a tenth at most, and by less than the guess that nothing changes
    case predictable
    /// the backtest was off by more: refused
    case risky
  }

  /// The task.
  public let task: String
  /// The grade.
  public let grade: Grade
  /// Error of guessing.
  public let chance: Double
  /// Least error of the runs.
  public let best: Double
  /// Mean relative error of a sigmoid fitted on the cheaper runs, on the dearest third.
  public let backtest: Double
  /// The same of the guess that error stays where the fitted runs have it on average.
  public let constant: Double

  /// Grades of every task, best first, from the runs that are not held out and took no more compute
  /// than the largest run to fit on; needs 6 runs.
  public static func all(_ data: LawData) -> [TaskGrade] {
    let runs = smallRuns(data)
    let grades = (data.taskChances ?? [:]).keys.sorted().compactMap { task -> TaskGrade? in
      let known = runs.filter { $0.taskErrors?[task] != nil }
      guard known.count >= 6, let chance = data.taskChances?[task] else { return nil }
      let losses = known.compactMap(\.loss)
      let errors = known.compactMap { $0.taskErrors?[task] }
      let cut = known.count - known.count / 3
      let law = SigmoidErrorLaw(
        losses: Array(losses.prefix(cut)), errors: Array(errors.prefix(cut)))
      let level = errors.prefix(cut).reduce(0, +) / Double(cut)
      func off(_ guess: (Double) -> Double) -> Double {
        var sum = 0.0
        for i in cut..<known.count {
          sum += abs(guess(losses[i]) - errors[i]) / max(errors[i], 0.01)
        }
        return sum / Double(known.count - cut)
      }
      let (backtest, best) = (off { law.error(atLoss: $0) }, errors.min() ?? 1)
      let still = off { _ in level }
      let isGood = backtest <= 0.1 && backtest < still
      let grade: Grade =
        best > chance - 0.05 ? .atChance : isGood ? .predictable : .risky
      return TaskGrade(
        task: task, grade: grade, chance: chance, best: best, backtest: backtest,
        constant: still)
    }
    let order: [Grade] = [.predictable, .risky, .atChance]
    return grades.sorted {
      let (a, b) = (order.firstIndex(of: $0.grade) ?? 0, order.firstIndex(of: $1.grade) ?? 0)
      return (a, $0.backtest, $0.task) < (b, $1.backtest, $1.task)
    }
  }

  /// The runs that are not held out and took no more compute than the largest run to fit on, M ≥ 10,
  /// the cheapest first: a backtest extrapolates as its user does.
  static func smallRuns(_ data: LawData) -> [LawPoint] {
    let largest = (data.lossFit + data.errorFit).map(\.compute).max() ?? 0
    return data.points.filter {
      $0.loss != nil && $0.role != .holdout && $0.compute <= largest * 1.0001
        && $0.tokenMultiplier >= RecommendedRule.minimumTokenMultiplier * 0.999
    }.sorted { ($0.compute, $0.run) < ($1.compute, $1.run) }
  }
}
