import ScalingLaws

extension SetVerdict {
  /// Verdicts as a table for a terminal.
  public static func table(_ verdicts: [SetVerdict]) -> Table {
    var table = Table(columns: columns)
    for verdict in verdicts { table.add(verdict.cells) }
    return table
  }

  static let columns = [
    "training", "validation", "verdict", "backtest", "worst", "guess", "×C", "α", "κ from own",
    "R²",
    "held out", "worst",
  ]

  /// The cells, by column.
  var cells: [String] {
    func share(_ value: Double?) -> String { value.map { Numbers.percent($0) } ?? "–" }
    func number(_ value: Double?) -> String { value.map { Numbers.significant($0, 3) } ?? "–" }
    return [
      training, set, verdict.rawValue, share(mean), share(worst), share(guess),
      extrapolation.map { Numbers.significant($0, 2) } ?? "–", number(exponent),
      number(fromOwn?.law.exponent), fromOwn.map { Numbers.fixed($0.rSquared, 4) } ?? "–",
      share(heldOut), share(heldOutWorst),
    ]
  }

  /// The cells of the page, where the reason stands below the set: fewer, for they must fit.
  var pageCells: [String] {
    let all = cells
    return [3, 5, 7, 8, 9, 10].map { all[$0] }
  }
}
