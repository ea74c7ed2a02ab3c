import Experiment

/// What a grid will cost, before anything runs, and what is doubtful about it.
public struct GridPlan: Sendable {
  /// One run's cost.
  public struct Row: Sendable, Codable {
    /// Size and horizon, e.g. `a20`.
    public let label: String
    /// The run's id.
    public let id: String
    /// What the run is for.
    public let role: Role
    /// N.
    public let parameters: Int
    /// D.
    public let tokens: Int
    /// D/N.
    public let tokenMultiplier: Double
    /// Optimiser steps.
    public let steps: Int
    /// Tokens of one step.
    public let batchTokens: Int
    /// Exact training FLOPs.
    public let flops: Double
    /// Bytes of weights, moments, gradients and activations.
    public let memoryBytes: Int
    /// Bytes of two checkpoints.
    public let diskBytes: Int
    /// Whether a record of it is stored.
    public let done: Bool
  }

  /// A row per run, in the order of the grid.
  public let rows: [Row]
  /// What is doubtful, in words.
  public let warnings: [String]

  /// The plan of `cells`, of which `done` have records; `trainingTokens` are each corpus's.
  public init(_ cells: [GridCell], done: Set<String>, trainingTokens: [String: Int]) {
    rows = cells.map { GridPlan.row($0, done: done.contains($0.id)) }
    warnings = GridPlan.lint(cells, trainingTokens)
  }

  /// Exact FLOPs of the runs that are not done.
  public var flopsLeft: Double { rows.filter { !$0.done }.reduce(0) { $0 + $1.flops } }

  /// Bytes that the missing runs will write.
  public var diskBytesLeft: Int { rows.filter { !$0.done }.reduce(0) { $0 + $1.diskBytes } }

  /// A line of a run's log, at most (measured: 288).
  static let logLineBytes = 320

  private static func row(_ cell: GridCell, done: Bool) -> Row {
    let config = cell.config
    let count = ParameterCount(config.model)
    let model = config.model
    let training = config.training
    // Saved activations of a block: about 12·D + 3·F floats a token.
    let activations =
      training.microbatchTokens * model.layers * (12 * model.width + 3 * model.hiddenWidth)
    return Row(
      label: config.label, id: cell.id, role: cell.role, parameters: count.total,
      tokens: training.tokens, tokenMultiplier: Double(training.tokens) / Double(count.total),
      steps: training.steps, batchTokens: training.batchTokens,
      flops: model.trainingFLOPsPerToken * Double(training.tokens),
      memoryBytes: 4 * ((3 + training.slots) * count.total + training.slots * activations),
      diskBytes: 2 * 3 * 4 * count.total + 200 * logLineBytes, done: done)
  }

  /// What bends the laws of small models: too few steps, long warm-ups, repeated data, laws without an answer.
  private static func lint(_ cells: [GridCell], _ trainingTokens: [String: Int]) -> [String] {
    var warnings: [String] = []
    func warn(_ cells: [GridCell], _ what: String) {
      guard !cells.isEmpty else { return }
      warnings.append("\(cells.map(\.config.label).joined(separator: ", ")): \(what)")
    }
    warn(
      cells.filter { $0.config.training.steps < 400 },
      "fewer than 400 steps; small batches bend the law less (set training.batchTokens)")
    warn(
      cells.filter { 10 * $0.config.training.warmupSteps > 3 * $0.config.training.steps },
      "the warm-up is more than 30 % of the steps")
    warn(
      cells.filter { cell in
        trainingTokens[cell.config.corpus].map { cell.config.training.tokens > $0 } ?? false
      }, "more tokens than the corpus has: data repeats")
    for corpus in Set(cells.map(\.config.corpus)).sorted() {
      let fit = cells.filter { $0.role == .fit && $0.config.corpus == corpus }
      let sizes = Set(fit.map(\.config.size))
      let multipliers = fit.map {
        Double($0.config.training.tokens) / Double(ParameterCount($0.config.model).total)
      }
      if fit.count < 5 {
        warnings.append(
          "\(corpus): \(fit.count) runs to fit on; the over-training law has 4 parameters, "
            + "give at least 5 runs the role fit")
      } else if (multipliers.max() ?? 0) < 2 * (multipliers.min() ?? 1) {
        warnings.append(
          "\(corpus): all fitted runs have nearly one token multiplier; the terms in N and D "
            + "cannot be told apart. Add one run at another multiplier")
      } else if sizes.count < 2 {
        warnings.append("\(corpus): all fitted runs have one size; add another")
      }
    }
    return warnings
  }
}
