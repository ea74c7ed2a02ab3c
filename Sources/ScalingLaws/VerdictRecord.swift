/// How verdicts did on runs that had no part in them: of the pairs with each verdict, how many the law
/// missed by more than `SetVerdict.bounds.lost` on average.
public struct VerdictRecord: Codable, Sendable, Equatable {
  /// Pairs, and those that were missed.
  public struct Count: Codable, Sendable, Equatable {
    /// Pairs with runs to compare with.
    public let pairs: Int
    /// Those whose mean relative error is above the bound.
    public let missed: Int
    /// Compute of the dearest run over that of the dearest fitted one.
    public let farthest: Double
  }

  /// The verdict.
  public let verdict: SetVerdict.Verdict
  /// On runs no farther than the backtests went; nil without any.
  public let within: Count?
  /// On runs beyond.
  public let beyond: Count?

  /// The record of every verdict that was given to a pair with such runs.
  public static func all(_ verdicts: [SetVerdict]) -> [VerdictRecord] {
    SetVerdict.Verdict.allCases.compactMap { verdict in
      let pairs = verdicts.filter { $0.verdict == verdict }
      let (within, beyond) = (count(pairs.map(\.within)), count(pairs.map(\.beyond)))
      return within == nil && beyond == nil
        ? nil : VerdictRecord(verdict: verdict, within: within, beyond: beyond)
    }
  }

  private static func count(_ misses: [SetVerdict.Misses?]) -> Count? {
    let known = misses.compactMap(\.self)
    guard let farthest = known.map(\.farthest).max() else { return nil }
    return Count(
      pairs: known.count, missed: known.count { $0.mean > SetVerdict.bounds.lost },
      farthest: farthest)
  }
}
