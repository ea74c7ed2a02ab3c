import Experiment
import Foundation
import Report
import ScalingLaws

/// What `predict --curve` says of a loss curve from elsewhere.
struct ForeignCurve: Encodable {
  struct Row: Encodable {
    let law: String
    let formula: String
    /// Loss at the last step.
    let loss: Double
    /// Relative error on the last 30 % of what was seen, from the rest.
    let withinRun: Double?
    let coefficients: [String: Double]
  }

  let curve: String
  let steps: Int
  let warmupSteps: Int
  /// The share of the run that was seen.
  let progress: Double
  /// The laws, the one that did best within the run first.
  let laws: [Row]
  /// The measured loss at the last step, where only a part of the curve was looked at.
  let actual: Double?

  /// - Throws: `UserError` for a file that is no curve, or a part of it that is too short.
  init(_ url: URL, until last: Int?, upTo share: Double?, warmup: Int?) throws {
    guard share.map({ $0 > 0 && $0 <= 1 }) ?? true, warmup ?? 0 >= 0 else {
      throw UserError(.usage, "a share or a warm-up out of range", fix: "--up-to 0.4 --warmup 100")
    }
    let whole = try RunCurve(csv: url, until: last, warmup: warmup)
    let seen = share.map { whole.cut(at: $0) } ?? whole
    curve = url.relativePath
    (steps, warmupSteps, progress) = (whole.steps, whole.warmupSteps, seen.progress)
    let end = whole.samples.last.flatMap { $0.step == whole.steps ? $0.loss : nil }
    actual = seen.progress < 1 ? end : nil
    let forecasts = RunForecast.Law.allCases.compactMap { RunForecast(seen, law: $0) }
    laws = forecasts.map { forecast in
      Row(
        law: forecast.law.rawValue, formula: Self.formula(forecast.law), loss: forecast.loss,
        withinRun: forecast.backtests[forecast.law],
        coefficients: Dictionary(
          uniqueKeysWithValues: forecast.coefficients.map { ($0.name, $0.value) }))
    }.sorted { ($0.withinRun ?? 1, $0.law) < ($1.withinRun ?? 1, $1.law) }
    guard !laws.isEmpty else {
      throw UserError(
        .badData, "the part that was looked at has fewer than 12 losses after the warm-up",
        at: curve, fix: "look at a larger part: --up-to 0.5")
    }
  }

  private static func formula(_ law: RunForecast.Law) -> String {
    switch law {
    case .annealing: "L0 + A·S1^−α − C·S2"
    case .hyperbolic: "E + a/(1 + t/τ)"
    case .latest: "the mean of the latest tenth"
    }
  }

  var text: String {
    var table = Table(
      columns: ["law", "formula", "loss at the end", "off within"] + (actual == nil ? [] : ["off"]))
    for row in laws {
      table.add(
        [
          row.law, row.formula, Numbers.fixed(row.loss, 4),
          row.withinRun.map { Numbers.percent($0) } ?? "–",
        ] + (actual.map { [Numbers.percent(abs(row.loss / $0 - 1))] } ?? []))
    }
    var lines = [
      "\(curve): \(Numbers.percent(progress, 0)) of \(steps) steps seen, warm-up to step \(warmupSteps)",
      table.rendered,
    ]
    for row in laws where !row.coefficients.isEmpty {
      lines.append(
        "\(row.law): "
          + row.coefficients.sorted { $0.key < $1.key }
          .map { "\($0.key) = \(Numbers.significant($0.value, 4))" }.joined(separator: ", "))
    }
    if let actual { lines.append("measured at the end: \(Numbers.fixed(actual, 4))") }
    if !laws.contains(where: { $0.law == RunForecast.Law.annealing.rawValue }) {
      lines.append("no annealing law: the file has no column lr")
    }
    lines.append(
      "off within: on the last 30 % of what was seen, from the rest. One curve gives no interval; finished"
        + " runs do (--run).")
    return lines.joined(separator: "\n")
  }
}
