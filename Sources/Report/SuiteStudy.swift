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
  /// The averages: all tasks, those above chance, the nested selection.
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
    averages = [
      Average("all tasks", Array(names.indices), ladder),
      Average("above chance at \(judge.label)", judge.aboveChance(by: margin), ladder),
      Average("nested selection", Self.nested(ladder), ladder),
    ].compactMap(\.self)
  }

  /// What `nested` chooses from.
  private static let margins = [0.025, 0.05, 0.1, 0.15]

  /// The tasks above chance at the dearest run of the cheap half, by the margin that does best within
  /// that half: chosen and fitted on the cheaper of its runs, the law misses the mean of the others
  /// by the least. No dear run has a say. Extrapolated, not interpolated: leaving out runs in turn
  /// chose steep tasks whose law went wild beyond the fitted losses.
  private static func nested(_ ladder: [Run]) -> [Int] {
    let cheap = Array(ladder[..<(ladder.count / 2)])
    let inner = max(4, (cheap.count + 1) / 2)
    var best = (margin: 0.05, miss: Double.infinity)
    for margin in margins where inner < cheap.count {
      let chosen = cheap[inner - 1].aboveChance(by: margin)
      guard chosen.count >= 3, let law = law(chosen, cheap[..<inner]) else { continue }
      let miss = abs(mean(cheap[inner...].map { law.error(atLoss: $0.loss) - $0.average(chosen) }))
      if miss < best.miss { best = (margin, miss) }
    }
    return cheap[cheap.count - 1].aboveChance(by: best.margin)
  }

  /// The error law of the average over `tasks`.
  fileprivate static func law(_ tasks: [Int], _ runs: ArraySlice<Run>) -> ErrorLaw? {
    ErrorLaw(fitting: runs.map { ($0.loss, $0.average(tasks)) })
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
  /// The tasks whose error is at least `margin` below that of a guess.
  fileprivate func aboveChance(by margin: Double) -> [Int] {
    tasks.indices.filter { tasks[$0].chance - tasks[$0].error >= margin }
  }

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
    actual = mean(dear)
    let law = SuiteStudy.law(chosen, ladder[..<half])
    let expected = law.map { law in losses[half...].map { law.error(atLoss: $0) } }
    predicted = expected.map(mean)
    worst = expected.flatMap { zip($0, dear).map { abs($0 - $1) }.max() }
  }
}

private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

private func span(_ values: [Double]) -> Double { (values.max() ?? 0) - (values.min() ?? 0) }
