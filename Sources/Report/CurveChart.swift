import Experiment
import Foundation
import ScalingLaws

/// The training loss of one run over tokens, thinned for drawing.
public struct LossCurve: Sendable {
  /// The run's label.
  public let label: String
  /// N, for the colour of M.
  public let parameters: Double
  /// What the run is for; nil for one that is not in the fit's data.
  public let role: Role?
  /// Tokens and mean loss, ascending in tokens.
  public let training: [(Double, Double)]
  /// Tokens and loss on the validation set.
  public let validation: [(Double, Double)]

  /// Reads `metrics.jsonl` of a run: at most `bins` means over equal steps of log tokens. Lines
  /// that cannot be read (a torn last one) are skipped; nil when nothing is left.
  ///
  /// - Parameters:
  ///   - url: the file
  ///   - set: the validation set whose loss is read
  public init?(
    _ url: URL, set: String, label: String, parameters: Double, role: Role?, bins: Int = 90
  ) {
    guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
    var training: [(Double, Double)] = []
    var validation: [(Double, Double)] = []
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      guard
        let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any],
        let tokens = (object["tokens"] as? NSNumber)?.doubleValue, tokens > 0
      else { continue }
      if let loss = (object["train/loss"] as? NSNumber)?.doubleValue, loss.isFinite {
        training.append((tokens, loss))
      }
      if let loss = (object["val/\(set)/loss"] as? NSNumber)?.doubleValue, loss.isFinite {
        validation.append((tokens, loss))
      }
    }
    guard let first = training.first, let last = training.last, training.count > 1 else {
      return nil
    }
    self.label = label
    self.parameters = parameters
    self.role = role
    self.validation = validation
    let step = log(max(last.0 / first.0, 1.0001)) / Double(bins)
    var binned: [(tokens: Double, loss: Double, count: Double)] = []
    var bin = -1
    for (tokens, loss) in training {
      let index = min(bins - 1, Int(log(tokens / first.0) / step))
      if index != bin {
        bin = index
        binned.append((0, 0, 0))
      }
      let end = binned.count - 1
      binned[end].tokens += log(tokens)
      binned[end].loss += loss
      binned[end].count += 1
    }
    self.training = binned.map { (exp($0.tokens / $0.count), $0.loss / $0.count) }
  }

  /// M at the end of the run.
  var tokenMultiplier: Double { (training.last?.0 ?? 0) / parameters }
}

/// Loss against tokens for every run.
struct CurveChart {
  let curves: [LossCurve]
  let multipliers: Multipliers

  func draw(width: Double, height: Double) -> Chart? {
    guard !curves.isEmpty else { return nil }
    // The first steps are all alike and high: the axis starts where half of that drop is done.
    let losses = curves.flatMap { $0.training.map(\.1) + $0.validation.map(\.1) }.sorted()
    let top = losses[min(losses.count - 1, Int(0.93 * Double(losses.count)))]
    let tokens = curves.flatMap { $0.training.filter { $0.1 <= top }.map(\.0) }
    let narrow = width < 500
    var chart = Chart(
      width: width, height: height,
      margins: Chart.Margins(left: narrow ? 44 : 56, right: narrow ? 44 : 72),
      x: paddedDomain(tokens, logarithmic: true, padding: 0.01), logX: true,
      y: paddedDomain([losses[0], top], logarithmic: false), logY: false,
      label: "Training loss of every run against tokens seen")
    chart.axes(x: "training tokens", y: "training loss, nats per token")
    for curve in curves.sorted(by: { $0.tokenMultiplier > $1.tokenMultiplier }) {
      let visible = Array(curve.training.drop { $0.1 > chart.y.domain.upperBound })
      chart.line(visible, ink: multipliers.ink(curve.tokenMultiplier), thin: true)
    }
    let ranked = curves.sorted { rank($0) < rank($1) }
    for curve in ranked {
      guard let end = curve.validation.last ?? curve.training.last else { continue }
      chart.mark(
        curve.role.map(shape) ?? .disc, at: end,
        ink: multipliers.ink(curve.tokenMultiplier),
        tooltip: "\(curve.label): \(Numbers.fixed(end.1, 4)) at \(Numbers.short(end.0)) tokens",
        size: 3.4)
    }
    for curve in ranked where rank(curve) < (narrow ? 2 : 3) {
      guard let end = curve.validation.last ?? curve.training.last else { continue }
      chart.text(curve.label, near: end, ink: multipliers.ink(curve.tokenMultiplier))
    }
    return chart
  }

  /// Held-out runs get their labels first.
  private func rank(_ curve: LossCurve) -> Int {
    switch curve.role {
    case .holdout: 0
    case .fit: 1
    case .validate: 2
    case .replicate, nil: 3
    }
  }
}
