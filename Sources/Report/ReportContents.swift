import Experiment
import Foundation
import ScalingLaws

/// All that a report shows.
public struct ReportContents: Sendable {
  /// The runs.
  public var data: LawData
  /// The laws; nil when the runs cannot identify one.
  public var fit: Fit?
  /// Why there is no fit.
  public var refusal: String?
  /// The name of the grid or fit.
  public var name: String
  /// Records of the runs, for the recipe; empty for a CSV.
  public var records: [RunRecord] = []
  /// Loss curves, where metrics were logged.
  public var curves: [LossCurve] = []
  /// The corpus, if its manifest was found.
  public var corpus: CorpusManifest?

  /// The contents of a stored fit, with records and curves if its runs are still there.
  public init(fit: Fit) {
    data = fit.data
    self.fit = fit
    name = fit.name
  }

  /// The contents of runs that no law could be fitted on.
  public init(data: LawData, refusal: String, name: String) {
    self.data = data
    self.refusal = refusal
    self.name = name
  }

  /// Adds records and loss curves of the runs in `store`.
  ///
  /// - Throws: `UserError` for a record that cannot be read.
  public mutating func add(store: RunStore) throws(UserError) {
    records = try store.all()
    var roles: [String: Role] = [:]
    for point in data.points { roles[point.run] = point.role }
    let set = data.set ?? "val"
    curves = records.compactMap { record in
      guard roles[record.label] != nil || record.outcome.status != .finished else { return nil }
      return LossCurve(
        store.runFolder(record.id).appendingPathComponent("metrics.jsonl"), set: set,
        label: record.label,
        parameters: Double(record.parameters.total), role: roles[record.label])
    }
  }

  /// The result in one sentence.
  public var headline: String {
    guard let fit else { return "\(data.points.count) runs, and no law yet" }
    let scored = fit.predictions.filter { $0.loss.relativeError != nil }
    guard let largest = fit.predictions.max(by: { $0.compute < $1.compute }) else {
      let sd = fit.residualSD.map {
        fit.options.objective.isRelative
          ? Numbers.percent($0, 1) : "\(Numbers.significant($0, 2)) nats"
      }
      return "One law describes \(fit.fitCount) runs"
        + (sd.map { " with a residual of \($0)" } ?? "")
    }
    let ratio = largest.compute / fit.fitCompute
    let cheaper =
      ratio >= 1.2
      ? " from runs that cost \(Numbers.significant(ratio, 2))× less in total" : " from other runs"
    func name(_ p: Prediction) -> String {
      data.points.first { $0.run == p.run }.map(shortName) ?? p.run
    }
    guard let worst = scored.compactMap(\.loss.relativeError).max() else {
      return "\(name(largest)) should reach a loss of"
        + " \(Numbers.significant(largest.loss.predicted, 3)), judging\(cheaper)"
    }
    // Rounded up: the sentence must hold.
    let margin = Numbers.percent((worst * 1000).rounded(.up) / 1000, 1)
    return scored.count == 1
      ? "Predicted the loss of \(name(scored[0])) within \(margin)\(cheaper)"
      : "Predicted the loss of \(scored.count) held-out runs within \(margin)"
        + (ratio >= 1.2
          ? ", the largest from runs that cost \(Numbers.significant(ratio, 2))× less in total"
          : "")
  }
}
