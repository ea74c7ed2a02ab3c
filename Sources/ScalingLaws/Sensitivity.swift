import Experiment
import Foundation

/// How far a fit's answers hang on its conventions: which parameters N counts, 6·N·D or exact FLOPs,
/// and what the objective makes small. Each row changes one thing and fits again.
public struct Sensitivity: Codable, Sendable, Equatable {
  /// A fit under another convention.
  public struct Row: Codable, Sendable, Equatable {
    /// What was changed, e.g. `N matmul`; `as fitted` for nothing.
    public let change: String
    /// α, of the law in N.
    public let exponent: Double?
    /// E.
    public let floor: Double
    /// M*, where the law has one that does not move.
    public let optimalTokenMultiplier: Double?
    /// Residual SD, relative unless the objective is `paper`.
    public let residualSD: Double?
    /// Mean relative error on the held-out runs that are measured.
    public let heldOut: Double?
    /// The predicted losses of the held-out runs, in the order of the data.
    public let predictions: [Double]
  }

  /// The rows, the fit itself first.
  public let rows: [Row]
  /// The largest spread of a held-out run's predictions over the rows, (highest − lowest)/as fitted.
  public let spread: Double?

  /// The conventions that can be told apart, in order.
  static let conventions: [(name: String, key: String)] = [
    ("N total", "total"), ("N matmul", "matmul"), ("N body", "body"), ("exact FLOPs", "flops"),
  ]

  /// The rows for `data`: nothing but the fit itself and the other objectives where the runs have
  /// one count of N only.
  init(_ data: LawData, _ options: FitOptions, pool: [LawData]) {
    var rows: [Row] = []
    func add(_ change: String, _ data: LawData?, _ options: FitOptions, pool: [LawData?]) {
      let others = pool.compactMap(\.self)
      guard let data, others.count == pool.count else { return }
      let found: (any LossFit)? =
        others.isEmpty
        ? try? options.law.fit(data.lossFit, objective: options.objective)
        : try? options.law.fit(
          data.lossFit, sharingExponentWith: others.map(\.lossFit), objective: options.objective,
          draws: 0)
      guard let fit = found else { return }
      let held = data.points.filter { $0.role == .holdout }
      let predicted = held.map { fit.lossLaw.loss(of: $0) }
      let misses = zip(held, predicted).compactMap { point, loss in
        point.loss.map { abs(loss / $0 - 1) }
      }
      rows.append(
        Row(
          change: change, exponent: fit.lossLaw.coefficients.first { $0.name == "alpha" }?.value,
          floor: fit.lossLaw.irreducibleLoss,
          optimalTokenMultiplier: fit.lossLaw.coefficients.first { $0.name == "mStar" }?.value,
          residualSD: fit.residualSD,
          heldOut: misses.isEmpty ? nil : misses.reduce(0, +) / Double(misses.count),
          predictions: predicted))
    }
    add("as fitted", data, options, pool: pool)
    let used = data.points.map(\.parameters)
    for (name, key) in Self.conventions {
      let counted = data.counting(key)
      // The convention that the fit itself uses is the first row.
      if counted?.points.map(\.parameters) == used { continue }
      add(name, counted, options, pool: pool.map { $0.counting(key) })
    }
    for objective in Objective.allCases where objective != options.objective {
      var changed = options
      changed.objective = objective
      add("objective \(objective.rawValue)", data, changed, pool: pool)
    }
    self.rows = rows
    guard let first = rows.first, !first.predictions.isEmpty else {
      spread = nil
      return
    }
    spread = first.predictions.indices.map { i in
      let values = rows.filter { $0.predictions.count == first.predictions.count }
        .map { $0.predictions[i] }
      return ((values.max() ?? 0) - (values.min() ?? 0)) / first.predictions[i]
    }.max()
  }
}

extension Fit {
  /// The fit under other conventions.
  public var sensitivity: Sensitivity { Sensitivity(data, options, pool: pool) }
}
