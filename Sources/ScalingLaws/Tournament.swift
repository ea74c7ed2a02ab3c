import Experiment
import Foundation

/// Laws compared on identical splits of the fit runs.
public struct Tournament: Sendable {
  /// One law.
  public struct Entry: Codable, Sendable, Equatable {
    /// Its name; `best small run` is the guess without a law.
    public let law: String
    /// Parameters.
    public let parameters: Int
    /// Mean relative error over a split's held-out runs, by split; nil where the law cannot be
    /// fitted.
    public let errors: [Double?]
    /// AICc on all fit runs, where n ≥ p + 4.
    public let aicc: Double?
    /// Mean over the splits, nil unless it has them all.
    public var mean: Double? {
      let known = errors.compactMap(\.self)
      return known.count == errors.count && !known.isEmpty
        ? known.reduce(0, +) / Double(known.count) : nil
    }
  }

  /// What was held out, by split, e.g. `C > 2.1e18`.
  public let splits: [String]
  /// The laws, best first; those that cannot be fitted on every split last.
  public let entries: [Entry]

  /// Compares every law on the runs of role fit: cheap against dear at two thresholds, smaller sizes
  /// against the largest, shorter runs against the longest.
  public init(_ data: LawData, objective: Objective) {
    let points = data.lossFit.sorted { ($0.compute, $0.run) < ($1.compute, $1.run) }
    var cuts: [(name: String, isHeld: (LawPoint) -> Bool)] = []
    for share in [0.5, 0.75] where points.count >= 4 {
      let limit = points[Int(Double(points.count) * share) - 1].compute
      cuts.append((String(format: "C > %.1e", limit), { $0.compute > limit }))
    }
    if let largest = points.map(\.parameters).max() {
      cuts.append((String(format: "N = %.2g", largest), { $0.parameters == largest }))
    }
    if let longest = points.map({ $0.tokenMultiplier.rounded() }).max() {
      cuts.append(
        (String(format: "M = %.0f", longest), { $0.tokenMultiplier.rounded() == longest }))
    }
    let parts = cuts.map { cut in
      (name: cut.name, fit: points.filter { !cut.isHeld($0) }, held: points.filter(cut.isHeld))
    }.filter { !$0.held.isEmpty && $0.fit.count >= 3 }
    splits = parts.map(\.name)
    func mean(_ held: [LawPoint], _ guess: (LawPoint) -> Double) -> Double {
      held.reduce(0) { $0 + abs(guess($1) / ($1.loss ?? .nan) - 1) } / Double(held.count)
    }
    let repeats = points.contains { ($0.uniqueTokens ?? $0.tokens) < $0.tokens * 0.999 }
    let kinds = LawKind.allCases.filter { $0 != .dataConstrained || repeats }
    var entries = kinds.map { kind in
      let errors = parts.map { part -> Double? in
        guard let fit = try? kind.fit(part.fit, objective: objective) else { return nil }
        return mean(part.held) { fit.lossLaw.loss(of: $0) }
      }
      let whole = try? kind.fit(points, objective: objective)
      return Entry(
        law: kind.rawValue, parameters: kind.parameterCount, errors: errors,
        aicc: whole.flatMap { Self.aicc($0, n: points.count, p: kind.parameterCount) })
    }
    let guesses = parts.map { part in
      let best = part.fit.compactMap(\.loss).min() ?? .nan
      return mean(part.held) { _ in best }
    }
    entries.append(Entry(law: "best small run", parameters: 0, errors: guesses, aicc: nil))
    self.entries = entries.sorted {
      ($0.mean ?? .infinity, $0.parameters, $0.law) < ($1.mean ?? .infinity, $1.parameters, $1.law)
    }
  }

  /// n·ln(RSS/n) + 2k + 2k(k+1)/(n − k − 1), k = p + 1.
  private static func aicc(_ fit: any LossFit, n: Int, p: Int) -> Double? {
    guard n >= p + 4, fit.residualSquares > 0 else { return nil }
    let (n, k) = (Double(n), Double(p + 1))
    return n * log(fit.residualSquares / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
  }

  /// Which law to trust here, and why, in one sentence.
  public var verdict: String {
    func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
    guard let first = entries.first, let best = first.mean else {
      return "too few runs to compare laws: believe the interval of the law that was chosen"
    }
    let close = entries.filter { entry in
      entry.parameters > 0 && (entry.mean.map { $0 <= 1.15 * best + 1e-6 } ?? false)
    }
    let chosen =
      close.min { ($0.parameters, $0.mean ?? 1) < ($1.parameters, $1.mean ?? 1) } ?? first
    let untested = entries.filter { $0.mean == nil }.map(\.law)
    if untested.contains(LawKind.overTraining.rawValue) {
      return
        "too few runs to test the over-training law by hold-out, so believe its interval, not a"
        + " ranking; of what can be tested, "
        + entries.compactMap { entry in entry.mean.map { "\(entry.law) is off by \(percent($0))" } }
        .joined(separator: ", ")
    }
    guard chosen.parameters > 0, let error = chosen.mean else {
      return "no law beats the best small run on these splits: do not extrapolate"
    }
    let guess = entries.first { $0.parameters == 0 }?.mean
    var text =
      "trust \(chosen.law): \(percent(error)) mean error over \(splits.count) splits of the fit runs"
    if chosen.law != first.law {
      text += ", within a seventh of \(first.law)'s \(percent(best)) with fewer parameters"
    } else if let second = entries.dropFirst().first(where: { $0.mean != nil && $0.parameters > 0 }
    ),
      let other = second.mean
    {
      text += ", against \(percent(other)) of \(second.law)"
    }
    return text + (guess.map { "; the best small run as the guess: \(percent($0))" } ?? "")
  }
}
