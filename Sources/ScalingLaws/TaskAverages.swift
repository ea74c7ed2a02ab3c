import Experiment
import Foundation

/// How well an average error can be predicted, by which and how many tasks it is over (the question of
/// Gadre et al.'s figure 8), and the subset that nested splits choose.
///
/// Everything but `heldOut` comes from small runs: those of `TaskGrade`, the cheapest first. An
/// average's backtest fits ε − k·e^{−γL} on the first two thirds and predicts the last.
public struct TaskAverages: Codable, Sendable {
  /// An average over some tasks.
  public struct Average: Codable, Sendable, Equatable {
    /// How its tasks were chosen.
    public let name: String
    /// The tasks.
    public let tasks: [String]
    /// Mean relative error of the backtest; nil where no law can be fitted.
    public let backtest: Double?
    /// The same of the guess that error stays at the mean of the fitted runs.
    public let constant: Double
    /// Mean relative error on the held-out runs, by way of their predicted loss; nil without any.
    public let heldOut: Double?
  }

  /// Backtests of averages over random sets of tasks.
  public struct Count: Codable, Sendable, Equatable {
    /// Tasks in the average.
    public let tasks: Int
    /// Median of the relative errors.
    public let median: Double
    /// The 10 % and 90 % quantiles.
    public let range: ClosedRange<Double>
    /// Median on the held-out runs; nil without any.
    public let heldOut: Double?
  }

  /// Every task, then those at least 1, 2, 5, 10, … points below guessing in some small run.
  public let byThreshold: [Average]
  /// By number of tasks.
  public let byCount: [Count]
  /// The subset that was chosen on the first two thirds of the small runs; its backtest on the last
  /// third is the outer one, which had no part in the choice.
  public let chosen: Average?
  /// Small runs that it all rests on.
  public let runs: Int

  /// - Parameters:
  ///   - data: runs with errors by task
  ///   - fit: what predicts the losses of held-out runs
  /// - Throws: `UserError` of kind `badData` for fewer than 9 small runs or 3 tasks.
  public init(_ data: LawData, fit: Fit?) throws(UserError) {
    let chances = data.taskChances ?? [:]
    let runs = TaskGrade.smallRuns(data).filter { run in
      chances.keys.allSatisfy { run.taskErrors?[$0] != nil }
    }
    guard runs.count >= 9, chances.count >= 3 else {
      throw UserError(
        .badData,
        "\(runs.count) small runs with an error on each of \(chances.count) tasks: a study of averages"
          + " needs 9 runs and 3 tasks", at: data.source,
        fix: "add columns error/TASK and chance/TASK, or runs")
    }
    self.runs = runs.count
    let study = Study(
      runs: runs,
      dear: fit.map { fit in data.points.filter { $0.role == .holdout }.map { ($0, fit) } }
        ?? [], fitRuns: data.errorFit)
    let all = chances.keys.sorted()
    func best(_ task: String) -> Double {
      (chances[task] ?? 1) - (runs.compactMap { $0.taskErrors?[task] }.min() ?? 1)
    }
    var byThreshold = [study.average("all tasks", all)]
    for points in [1.0, 2, 5, 10, 15, 20, 25, 30, 35, 40] {
      let tasks = all.filter { best($0) >= points / 100 }
      guard !tasks.isEmpty, tasks.count < byThreshold.last?.tasks.count ?? 0 else { continue }
      byThreshold.append(
        study.average(String(format: "%.0f points below guessing", points), tasks))
    }
    self.byThreshold = byThreshold
    // At chance there is nothing to average: sets are drawn from tasks that moved.
    let moved = all.filter { best($0) >= 0.05 }
    var random = RandomSource(seed: Seeds.derive(0, "task averages"))
    byCount = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 46].filter { $0 <= moved.count }.compactMap { k in
      let draws = k == moved.count ? 1 : 100
      let averages = (0..<draws).map { _ in
        study.average("", Array(random.shuffled(moved).prefix(k)).sorted())
      }
      let errors = averages.compactMap(\.backtest).sorted()
      guard !errors.isEmpty else { return nil }
      let held = averages.compactMap(\.heldOut).sorted()
      return Count(
        tasks: k, median: quantile(errors, 0.5),
        range: quantile(errors, 0.1)...quantile(errors, 0.9),
        heldOut: held.isEmpty ? nil : quantile(held, 0.5))
    }
    chosen = study.chosen(all).map { study.average("chosen by nested splits", $0) }
  }
}

/// Averages over the same runs.
private struct Study {
  let runs: [LawPoint]
  let dear: [(LawPoint, Fit)]
  let fitRuns: [LawPoint]

  private static func mean(_ run: LawPoint, _ tasks: [String]) -> Double {
    tasks.reduce(0) { $0 + (run.taskErrors?[$1] ?? .nan) } / Double(tasks.count)
  }

  func average(_ name: String, _ tasks: [String]) -> TaskAverages.Average {
    let cut = runs.count - runs.count / 3
    let (early, late) = (Array(runs.prefix(cut)), runs.dropFirst(cut))
    let level = early.reduce(0) { $0 + Self.mean($1, tasks) } / Double(cut)
    func off(_ guess: (Double) -> Double) -> Double {
      late.reduce(0) {
        let actual = Self.mean($1, tasks)
        return $0 + abs(guess($1.loss ?? .nan) - actual) / max(actual, 0.01)
      } / Double(late.count)
    }
    let law = ErrorLaw(fitting: early.map { ($0.loss ?? .nan, Self.mean($0, tasks)) })
    var heldOut: Double?
    let known = fitRuns.filter { run in tasks.allSatisfy { run.taskErrors?[$0] != nil } }
    if let full = ErrorLaw(fitting: known.map { ($0.loss ?? .nan, Self.mean($0, tasks)) }) {
      let misses = dear.compactMap { point, fit -> Double? in
        let actual = Self.mean(point, tasks)
        guard actual.isFinite else { return nil }
        let loss = fit.lossLaw.loss(parameters: point.parameters, tokens: point.tokens)
        return abs(full.error(atLoss: loss) - actual) / max(actual, 0.01)
      }
      if !misses.isEmpty { heldOut = misses.reduce(0, +) / Double(misses.count) }
    }
    return TaskAverages.Average(
      name: name, tasks: tasks, backtest: law.map { law in off { law.error(atLoss: $0) } },
      constant: off { _ in level }, heldOut: heldOut)
  }

  /// Of the first two thirds of the runs alone: the tasks whose error fell, by 5 points and in step with
  /// the loss (rank correlation 0.6), ranked by how far off a sigmoid of the earlier of those runs is on
  /// the later ones, at three cuts between them; of the sets of the first k, the largest whose average is
  /// off by no more than a fifth more than the best's, for more tasks average more noise away.
  func chosen(_ tasks: [String]) -> [String]? {
    let inner = Array(runs.prefix(runs.count - runs.count / 3))
    let shares: [Double] = [1.0 / 2, 2.0 / 3, 5.0 / 6]
    let all: [Int] = shares.map { Int((Double(inner.count) * $0).rounded()) }
    let cuts = all.filter { $0 >= 4 && $0 < inner.count }
    guard !cuts.isEmpty else { return nil }
    let losses: [Double] = inner.map { $0.loss ?? .nan }
    func errors(_ tasks: [String]) -> [Double] { inner.map { Self.mean($0, tasks) } }
    func off(
      _ errors: [Double], _ law: ([Double], [Double]) -> ((Double) -> Double)?
    ) -> Double {
      var (sum, count) = (0.0, 0.0)
      for cut in cuts {
        guard let guess = law(Array(losses.prefix(cut)), Array(errors.prefix(cut))) else {
          return .infinity
        }
        for i in cut..<inner.count {
          sum += abs(guess(losses[i]) - errors[i]) / max(errors[i], 0.01)
          count += 1
        }
      }
      return sum / count
    }
    let fell = tasks.filter { task in
      let found = errors([task])
      let span = (found.max() ?? 0) - (found.min() ?? 0)
      return span >= 0.05 && rankCorrelation(losses, found) >= 0.6
    }
    guard fell.count >= 3 else { return nil }
    var ranked: [(task: String, off: Double)] = []
    for task in fell {
      let value = off(errors([task])) { x, y in
        SigmoidErrorLaw(losses: x, errors: y, steps: 12).error(atLoss:)
      }
      ranked.append((task, value))
    }
    ranked.sort { ($0.off, $0.task) < ($1.off, $1.task) }
    var sets: [(tasks: [String], off: Double)] = []
    for count in 3...ranked.count {
      let some = ranked.prefix(count).map(\.task)
      let value = off(errors(some)) { x, y in
        ErrorLaw(fitting: Array(zip(x, y)).map { ($0.0, $0.1) })?.error(atLoss:)
      }
      sets.append((some, value))
    }
    guard let least = sets.map(\.off).min(), least < .infinity else { return nil }
    return sets.last { $0.off <= 1.2 * least }?.tasks.sorted()
  }
}

extension RandomSource {
  /// The elements in random order (Fisher and Yates).
  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var copy = elements
    for i in copy.indices.dropLast() {
      copy.swapAt(i, i + Int(uniform() * Double(copy.count - i)))
    }
    return copy
  }
}
