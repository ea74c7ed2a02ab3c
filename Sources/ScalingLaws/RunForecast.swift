import Foundation

/// A run's logged loss and its planned schedule.
public struct RunCurve: Sendable {
  /// Steps and the loss at each.
  public let samples: [(step: Int, loss: Double)]
  /// Steps of the whole run, the ones to come too.
  public let steps: Int
  /// The learning rate of every step; empty where it is not known.
  public let rates: [Double]
  /// Steps of warm-up.
  public let warmupSteps: Int
  /// Whether a loss is the mean over the steps since the one before, as in a `metrics.jsonl`, rather
  /// than measured at its step.
  public let isMean: Bool

  /// A run of known schedule whose losses are means.
  public init(samples: [(step: Int, loss: Double)], rates: [Double], warmupSteps: Int) {
    self.init(
      samples: samples, steps: rates.count, rates: rates, warmupSteps: warmupSteps, isMean: true)
  }

  /// All fields, in order.
  init(
    samples: [(step: Int, loss: Double)], steps: Int, rates: [Double], warmupSteps: Int,
    isMean: Bool
  ) {
    self.samples = samples
    self.steps = steps
    self.rates = rates
    self.warmupSteps = warmupSteps
    self.isMean = isMean
  }

  /// The lines of a `metrics.jsonl` that hold a training loss; others, and a torn last one, are
  /// skipped.
  public static func samples(metrics url: URL) -> [(step: Int, loss: Double)] {
    struct Line: Decodable {
      let step: Int
      let loss: Double
      enum CodingKeys: String, CodingKey { case step, loss = "train/loss" }
    }
    guard let log = try? Data(contentsOf: url) else { return [] }
    let decoder = JSONDecoder()
    return log.split(separator: UInt8(ascii: "\n")).compactMap {
      try? decoder.decode(Line.self, from: $0)
    }.filter { $0.loss.isFinite && $0.loss > 0 }.map { ($0.step, $0.loss) }
  }

  /// The share of the run that is done.
  public var progress: Double {
    Double(samples.last?.step ?? 0) / Double(max(1, steps))
  }

  /// The same run as it was at a share of its steps.
  public func cut(at share: Double) -> RunCurve {
    let last = share * Double(steps)
    return RunCurve(
      samples: samples.filter { Double($0.step) <= last }, steps: steps, rates: rates,
      warmupSteps: warmupSteps, isMean: isMean)
  }
}

/// What the first part of a run says of its end.
public struct RunForecast: Sendable {
  /// The curve laws.
  public enum Law: String, Codable, Sendable, CaseIterable {
    /// Tissue et al.'s, which knows the schedule
    case annealing
    /// a hyperbola in steps, which does not
    case hyperbolic
    /// the mean of the latest tenth of the losses: no law, but with the further fall of finished runs a
    /// forecast that the laws have to beat
    case latest
  }

  /// The law that was used.
  public let law: Law
  /// Loss at the last step.
  public let loss: Double
  /// The law's coefficients.
  public let coefficients: [Coefficient]
  /// Relative error of each law, fitted on the first 70 % of the seen part, on the mean of the rest.
  public let backtests: [Law: Double]

  /// Forecasts by the law that did better within the seen part, or by `law`.
  ///
  /// Nil with fewer than 12 logged steps after the warm-up, and for an annealing law without a schedule.
  public init?(_ curve: RunCurve, law chosen: Law? = nil) {
    let seen = curve.samples.filter { $0.step > curve.warmupSteps }
    guard seen.count >= 12, curve.steps > 1 else { return nil }
    let part = Array(seen.prefix(seen.count * 7 / 10))
    let rest = seen.dropFirst(part.count)
    let actual = rest.reduce(0) { $0 + $1.loss } / Double(rest.count)
    var backtests: [Law: Double] = [:]
    for law in Law.allCases {
      guard let fit = Self.fitted(law, part, curve) else { continue }
      let predicted = rest.reduce(0) { $0 + fit.loss($1.step) } / Double(rest.count)
      backtests[law] = abs(predicted / actual - 1)
    }
    self.backtests = backtests
    let best = [Law.annealing, .hyperbolic].min {
      (backtests[$0] ?? .infinity) < (backtests[$1] ?? .infinity)
    }
    guard let law = chosen ?? best, let fit = Self.fitted(law, seen, curve) else { return nil }
    self.law = law
    coefficients = fit.coefficients
    loss = fit.loss(curve.steps)
    guard loss.isFinite, loss > 0 else { return nil }
  }

  /// A law of the loss by step.
  private struct Fitted {
    let coefficients: [Coefficient]
    let loss: (Int) -> Double
  }

  /// The steps at which the losses count.
  private static func steps(_ samples: [(step: Int, loss: Double)], areMeans: Bool) -> [Int] {
    guard areMeans else { return samples.map(\.step) }
    let middles = zip(samples, samples.dropFirst()).map { ($0.step + $1.step) / 2 }
    let half = middles.first.map { (samples[1].step - $0) } ?? 0
    return [max(1, (samples.first?.step ?? 1) - half)] + middles
  }

  /// The law by Huber's objective on log loss.
  private static func fitted(
    _ law: Law, _ samples: [(step: Int, loss: Double)], _ curve: RunCurve
  ) -> Fitted? {
    let losses = samples.map(\.loss)
    let steps = steps(samples, areMeans: curve.isMean)
    switch law {
    case .latest:
      let tail = losses.suffix(max(3, losses.count / 10))
      let mean = tail.reduce(0, +) / Double(tail.count)
      return Fitted(coefficients: []) { _ in mean }
    case .hyperbolic:
      let fit = FittedLaw<HyperbolicLaw>(
        coordinates: steps.map { SIMD2(log(Double($0)), 0) }, values: losses, objective: .huber)
      return Fitted(coefficients: [
        Coefficient("E", fit.law.floor), Coefficient("a", fit.law.height),
        Coefficient("tau", fit.law.scale),
      ]) { fit.law.value(Double($0)) }
    case .annealing:
      guard !curve.rates.isEmpty else { return nil }
      var best: (fit: FittedLaw<AnnealingLaw>, areas: AnnealingAreas, momentum: Double)?
      for momentum in [0.9, 0.99, 0.999] {
        let areas = AnnealingAreas(
          rates: curve.rates, warmupSteps: curve.warmupSteps, momentum: momentum)
        let fit = FittedLaw<AnnealingLaw>(
          coordinates: steps.map { SIMD2(log(areas.area[$0 - 1]), areas.annealing[$0 - 1]) },
          values: losses, objective: .huber)
        if fit.value < best?.fit.value ?? .infinity { best = (fit, areas, momentum) }
      }
      return best.map { best in
        let law = best.fit.law
        return Fitted(coefficients: [
          Coefficient("L0", law.floor), Coefficient("A", law.areaCoefficient),
          Coefficient("alpha", law.areaExponent), Coefficient("C", law.annealingCoefficient),
          Coefficient("lambda", best.momentum),
        ]) {
          law.loss(area: best.areas.area[$0 - 1], annealing: best.areas.annealing[$0 - 1])
        }
      }
    }
  }
}

/// The validation loss that an unfinished run will end with, judged by finished runs of its grid: each
/// is cut where the unfinished one stands, forecast from there, and held against what it measured.
public struct RunPrediction: Codable, Sendable {
  /// A finished run as a test.
  public struct Backtest: Codable, Sendable, Equatable {
    /// Its name.
    public let run: String
    /// The forecast from its first part, corrected by the other finished runs.
    public let predicted: Double
    /// Its validation loss.
    public let actual: Double
    /// |predicted − actual|/actual.
    public let relativeError: Double
    /// Whether the interval made of the other runs holds it; nil with too few of them.
    public let isInside: Bool?
  }

  /// The share of the run that was seen.
  public let progress: Double
  /// The curve law.
  public let law: RunForecast.Law
  /// The forecast of the training loss at the last step, as it is.
  public let trainingLoss: Double
  /// The validation loss: the forecast times the mean ratio of validation loss to forecast over the
  /// finished runs; nil without any.
  public let loss: Double?
  /// Interval by Student's t over those ratios; nil with fewer than three.
  public let low: Double?
  /// Its upper end.
  public let high: Double?
  /// Relative error within the seen part, by law.
  public let withinRun: [String: Double]
  /// Every finished run predicted from the others.
  public let backtests: [Backtest]

  /// Mean relative error of the backtests.
  public var meanError: Double? {
    backtests.isEmpty
      ? nil : backtests.reduce(0) { $0 + $1.relativeError } / Double(backtests.count)
  }

  /// - Parameters:
  ///   - curve: the unfinished run, as far as it is
  ///   - finished: finished runs with their validation losses
  ///   - level: of the interval
  ///
  /// The law is the one whose forecasts of the finished runs scatter least, which makes their backtest a
  /// little too good; without any, the one
  /// that did better within the run. Nil with fewer than 12 logged steps after the warm-up.
  public init?(
    _ curve: RunCurve, finished: [(run: String, curve: RunCurve, loss: Double)], level: Double
  ) {
    progress = curve.progress
    var best: (law: RunForecast.Law, ratios: [(run: String, log: Double, loss: Double)])?
    var bestSpread = Double.infinity
    for law in RunForecast.Law.allCases where finished.count >= 2 {
      let ratios = finished.compactMap { other in
        RunForecast(other.curve.cut(at: curve.progress), law: law).map {
          (run: other.run, log: log(other.loss / $0.loss), loss: other.loss)
        }
      }
      guard ratios.count >= 2 else { continue }
      let spread = Self.deviation(ratios.map(\.log))
      if spread < bestSpread { (best, bestSpread) = ((law, ratios), spread) }
    }
    guard let own = RunForecast(curve, law: best?.law) else { return nil }
    law = own.law
    trainingLoss = own.loss
    withinRun = Dictionary(
      uniqueKeysWithValues: own.backtests.map { ($0.key.rawValue, $0.value) })
    guard let ratios = best?.ratios else {
      (loss, low, high, backtests) = (nil, nil, nil, [])
      return
    }
    let logs = ratios.map(\.log)
    let mean = logs.reduce(0, +) / Double(logs.count)
    loss = own.loss * exp(mean)
    let half = Self.halfWidth(logs, level)
    low = half.map { own.loss * exp(mean - $0) }
    high = half.map { own.loss * exp(mean + $0) }
    backtests = ratios.indices.map { i in
      let others = logs.indices.filter { $0 != i }.map { logs[$0] }
      let center = others.reduce(0, +) / Double(others.count)
      let predicted = ratios[i].loss * exp(center - logs[i])
      return Backtest(
        run: ratios[i].run, predicted: predicted, actual: ratios[i].loss,
        relativeError: abs(predicted / ratios[i].loss - 1),
        isInside: Self.halfWidth(others, level).map { abs(center - logs[i]) <= $0 })
    }
  }

  private static func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1))
      .squareRoot()
  }

  /// t·s·√(1 + 1/n): half a prediction interval for one more value.
  private static func halfWidth(_ values: [Double], _ level: Double) -> Double? {
    guard values.count >= 3 else { return nil }
    return StudentT.quantile(level: level, degrees: values.count - 1) * deviation(values)
      * (1 + 1 / Double(values.count)).squareRoot()
  }
}
