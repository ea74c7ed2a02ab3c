import Experiment

/// The rule for a law and its objective when the user leaves both open (`--law auto`).
///
/// It follows a comparison of seven laws, three objectives and four compute thresholds on the 104 runs
/// of Gadre et al., whose best columns were picked after the fact: on those runs it is a description,
/// and only runs that had no part in the comparison can test it.
/// - 16 runs or more: α = β, Huber on log loss. It is the best column at 17 runs, and close to a
///   median regression, so a few runs inside their warm-up hardly bend it.
/// - 9 to 15 runs: α and β free, squared log loss; the best column at 10 and at 12.
/// - fewer: E = 0. So few runs do not show E, and a free one runs away.
///
/// Which runs are fitted matters as much as the law: M ≥ 10, because the recipe's warm-up covers most
/// of a run at M = 5.
public enum RecommendedRule {
  /// The least M to fit on.
  public static let minimumTokenMultiplier = 10.0

  /// The law and the objective for `runs` different runs to fit on.
  public static func choice(runs: Int) -> (law: LawKind, objective: Objective) {
    if runs >= 16 { return (.overTraining, .huber) }
    return runs >= 9 ? (.chinchilla, .log) : (.floorless, .log)
  }
}

extension LawData {
  /// This data with the fit runs chosen by rule instead of by role: every run with a loss, up to
  /// `compute` FLOPs, of at least `tokenMultiplier` tokens per parameter. What was held out stays
  /// held out; other runs validate. A run's use in the error law does not change.
  public func selecting(
    upTo compute: Double?, tokenMultiplier: Double?
  ) -> LawData {
    var copy = self
    copy.points = points.map { point in
      guard point.loss != nil, point.role != .replicate else { return point }
      let isCheap = compute.map { point.compute <= $0 } ?? (point.role == .fit)
      // M is a ratio of whole numbers: 9.999 is 10.
      let isLong = point.tokenMultiplier >= (tokenMultiplier ?? 0) * 0.999
      if isCheap && isLong { return point.with(role: .fit) }
      return point.role == .fit ? point.with(role: .validate) : point
    }
    return copy
  }
}

extension LawPoint {
  /// This run with another role in the loss law.
  func with(role: Role) -> LawPoint {
    var copy = self
    copy.role = role
    return copy
  }
}
