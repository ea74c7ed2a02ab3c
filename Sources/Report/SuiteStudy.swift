import Experiment
import Foundation
import ScalingLaws

/// Whether a suite of tasks can carry the second law: does its average error fall with loss, by how
/// much, and does the law of the cheap half of a ladder hold for the dear half?
public struct SuiteStudy: Encodable, Sendable {
  /// What is known of a run.
  public struct Run: Sendable {
    let label: String
    let tokenMultiplier: Double
    let flops: Double
    let loss: Double
    let tasks: [TaskError]

    /// All fields, in order; `flops` are those of training.
    public init(
      label: String, tokenMultiplier: Double, flops: Double, loss: Double, tasks: [TaskError]
    ) {
      self.label = label
      self.tokenMultiplier = tokenMultiplier
      self.flops = flops
      self.loss = loss
      self.tasks = tasks
    }
  }

  /// An average over some of the tasks.
  public struct Average: Encodable, Sendable {
    /// How the tasks were chosen.
    public let name: String
    /// The tasks.
    public let tasks: [String]
    /// Rank correlation of average error and loss over all runs.
    public let spearman: Double
    /// Largest less smallest average error.
    public let span: Double
    /// Mean average error of the dear half, as the law of the cheap half has it.
    public let predicted: Double?
    /// Mean average error of the dear half.
    public let actual: Double
    /// The largest deviation of a dear run from the law.
    public let worst: Double?
  }

  /// One task over all runs.
  public struct Task: Encodable, Sendable {
    /// The task.
    public let task: String
    /// The error of a uniform guess.
    public let chance: Double
    /// Items asked.
    public let items: Int
    /// Rank correlation of error and loss.
    public let spearman: Double
    /// Its errors, in order of training FLOPs.
    public let errors: [Double]
    /// The standard error of the last of them.
    public let standardError: Double
  }

  /// Labels, in order of training FLOPs.
  public let runs: [String]
  /// The run at which tasks must be above chance.
  public let reference: String
  /// By how much.
  public let margin: Double
  /// Every task.
  public let tasks: [Task]
  /// The averages: all tasks, those above chance, those of them that leave room, the nested selection.
  public let averages: [Average]

  private enum CodingKeys: String, CodingKey { case runs, reference, margin, tasks, averages }
  let ladder: [Run]

  /// - Parameters:
  ///   - reference: label of the run at which tasks must be above chance; the dearest of the cheap
  ///     half if nil, so that no dear run has a say
  ///   - margin: by how much they must be
  /// - Throws: `UserError` of kind `badData` for too few runs or runs that were asked different
  ///   tasks.
  public init(_ runs: [Run], reference: String?, margin: Double) throws(UserError) {
    let ladder = runs.sorted { ($0.flops, $0.label) < ($1.flops, $1.label) }
    guard ladder.count >= 8, let names = ladder.first?.tasks.map(\.task), !names.isEmpty else {
      throw UserError(
        .badData, "\(ladder.count) runs with losses and errors; a study needs eight",
        fix: "measure more: overtrain eval RUN… --config GRID")
    }
    if let other = ladder.first(where: { $0.tasks.map(\.task) != names }) {
      throw UserError(
        .badData, "\(other.label) was asked other tasks than \(ladder[0].label)",
        fix: "measure all runs alike: overtrain eval RUN… --config GRID")
    }
    let half = ladder.count / 2
    let judge = reference.map { label in ladder.first { $0.label == label } } ?? ladder[half - 1]
    guard let judge else {
      throw UserError(
        .usage, "no run is named \(reference ?? "")",
        fix: "choose --reference from \(ladder.map(\.label).joined(separator: ", "))")
    }
    self.ladder = ladder
    self.runs = ladder.map(\.label)
    self.reference = judge.label
    self.margin = margin
    let losses = ladder.map(\.loss)
    tasks = names.indices.map { i in
      let last = ladder[ladder.count - 1].tasks[i]
      let errors = ladder.map { $0.tasks[i].error }
      return Task(
        task: names[i], chance: last.chance, items: last.items,
        spearman: rankCorrelation(losses, errors), errors: errors,
        standardError: last.standardError)
    }
    let above = names.indices.filter {
      judge.tasks[$0].chance - judge.tasks[$0].error >= margin
    }
    // A task that is almost solved cannot go on falling: its curve flattens, which the law does not.
    let unsolved = above.filter { judge.tasks[$0].error >= judge.tasks[$0].chance / 2 }
    averages = [
      Average("all tasks", Array(names.indices), ladder),
      Average("above chance at \(judge.label)", above, ladder),
      Average("and not half solved there", unsolved, ladder),
      Average("nested selection", Self.nested(ladder), ladder),
    ].compactMap(\.self)
  }

  /// Tasks ranked by how steadily their error falls over the cheap half; of the nested sets of the
  /// first k, the one whose law leaves the least of its own span unexplained when each run of the
  /// cheap half is left out in turn. No dear run has a say.
  private static func nested(_ ladder: [Run]) -> [Int] {
    let cheap = Array(ladder[..<(ladder.count / 2)])
    let losses = cheap.map(\.loss)
    let ranked = cheap[0].tasks.indices
      .map { i in (task: i, r: rankCorrelation(losses, cheap.map { $0.tasks[i].error })) }
      .sorted { ($1.r, $0.task) < ($0.r, $1.task) }.map(\.task)
    var best = (tasks: ranked, unexplained: Double.infinity)
    for count in stride(from: min(5, ranked.count), through: ranked.count, by: 1) {
      let chosen = Array(ranked[..<count])
      let errors = cheap.map { $0.average(chosen) }
      var squares = 0.0
      for out in cheap.indices {
        let points = cheap.indices.filter { $0 != out }.map { (losses[$0], errors[$0]) }
        guard let law = ErrorLaw(fitting: points) else { return ranked }
        let residual = law.error(atLoss: losses[out]) - errors[out]
        squares += residual * residual
      }
      let unexplained = squares / max(1e-12, span(errors) * span(errors))
      if unexplained < best.unexplained { best = (chosen, unexplained) }
    }
    return best.tasks.sorted()
  }

  /// The averages as a table, and the tasks behind them.
  public var text: String {
    func points(_ value: Double?) -> String {
      value.map { Numbers.fixed(100 * $0, 1) } ?? "–"
    }
    var table = Table(columns: [
      "average over", "tasks", "rank correlation", "span", "dear half", "predicted", "worst run",
    ])
    for average in averages {
      table.add([
        average.name, String(average.tasks.count), Numbers.fixed(average.spearman, 3),
        points(average.span), points(average.actual), points(average.predicted),
        points(average.worst),
      ])
    }
    var list = Table(columns: [
      "task", "items", "chance", "rank correlation", "cheapest run", "dearest run", "± s.e.",
    ])
    for task in tasks {
      list.add([
        task.task, String(task.items), points(task.chance), Numbers.fixed(task.spearman, 2),
        points(task.errors.first), points(task.errors.last), points(task.standardError),
      ])
    }
    return list.rendered + "\n\n" + table.rendered
      + "\n\nerrors in points; the law is fitted on the \(ladder.count / 2) cheapest of "
      + "\(ladder.count) runs; above chance: by \(points(margin)) points"
  }
}

extension SuiteStudy.Run {
  fileprivate func average(_ chosen: [Int]) -> Double {
    chosen.reduce(0) { $0 + tasks[$1].error } / Double(chosen.count)
  }

  /// The average over tasks by name.
  func average(named names: [String]) -> Double {
    average(tasks.indices.filter { names.contains(tasks[$0].task) })
  }
}

extension SuiteStudy.Average {
  /// nil without tasks.
  fileprivate init?(_ name: String, _ chosen: [Int], _ ladder: [SuiteStudy.Run]) {
    guard !chosen.isEmpty else { return nil }
    self.name = name
    tasks = chosen.map { ladder[0].tasks[$0].task }
    let errors = ladder.map { $0.average(chosen) }
    let losses = ladder.map(\.loss)
    spearman = rankCorrelation(losses, errors)
    self.span = Report.span(errors)
    let half = ladder.count / 2
    let dear = Array(errors[half...])
    actual = dear.reduce(0, +) / Double(dear.count)
    let law = ErrorLaw(fitting: Array(zip(losses[..<half], errors[..<half])))
    let expected = law.map { law in losses[half...].map { law.error(atLoss: $0) } }
    predicted = expected.map { $0.reduce(0, +) / Double($0.count) }
    worst = expected.flatMap { zip($0, dear).map { abs($0 - $1) }.max() }
  }
}

private func span(_ values: [Double]) -> Double { (values.max() ?? 0) - (values.min() ?? 0) }
