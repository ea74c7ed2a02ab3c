import ScalingLaws

extension SetVerdict {
  /// Verdicts as a table for a terminal.
  public static func table(_ verdicts: [SetVerdict]) -> Table {
    var table = Table(columns: columns)
    for verdict in verdicts { table.add(verdict.cells) }
    return table
  }

  static let columns = [
    "training", "validation", "verdict", "backtest", "worst", "guess", "tested to", "α",
    "κ from own", "R²", "dearer runs", "worst", "beyond", "worst",
  ]

  /// The cells, by column.
  var cells: [String] {
    func share(_ value: Double?) -> String { value.map { Numbers.percent($0) } ?? "–" }
    func number(_ value: Double?) -> String { value.map { Numbers.significant($0, 3) } ?? "–" }
    return [
      training, set, verdict.rawValue, share(mean), share(worst), share(guess),
      tested.map { "\(Numbers.significant($0, 2))×" } ?? "–", number(exponent),
      number(fromOwn?.law.exponent), fromOwn.map { Numbers.fixed($0.rSquared, 4) } ?? "–",
      share(within?.mean), share(within?.worst), share(beyond?.mean), share(beyond?.worst),
    ]
  }

  /// The cells of the page, where the reason stands below the set: fewer, for they must fit.
  var pageCells: [String] {
    let all = cells
    return [3, 5, 7, 8, 9, 10, 12].map { all[$0] }
  }
}

extension VerdictRecord {
  /// The record as a sentence per verdict.
  public static func text(_ verdicts: [SetVerdict]) -> String {
    func counted(_ count: Count?, _ place: String) -> String? {
      count.map {
        "\($0.missed) of \($0.pairs) on runs \(place) (to \(Numbers.significant($0.farthest, 2))×"
          + " the dearest fitted one)"
      }
    }
    let bound = Numbers.percent(SetVerdict.bounds.lost, 0)
    return all(verdicts).map { record in
      "called \(record.verdict.rawValue): off by more than \(bound) on average, "
        + [
          counted(record.within, "as far as tested"), counted(record.beyond, "beyond"),
        ].compactMap(\.self).joined(separator: "; ")
    }.joined(separator: "\n")
  }
}
