import Experiment
import Foundation

/// Whether the loss on a validation set can be predicted for a training set, judged by small runs
/// only: the out-of-distribution verdict.
///
/// The runs that are not held out and no dearer than the dearest run to fit on, M ≥ 10, are cut at a
/// half, two thirds and five sixths of their number by compute. The law is fitted on the cheaper part
/// and predicts the dearer one. A set on which the law misses those runs by far more than on the
/// training distribution's own set is no law's, whatever the backtest says.
///
/// A verdict reaches no further than its backtests did (`tested`); what a law does beyond, no small
/// run shows. On the published C4 and RedPajama runs, neither the size, the sign nor the growth of a
/// set's backtest errors tells which sets the runs at 280 times the compute will miss (`Record` counts
/// them), nor do they know of data that later runs alone saw. The bounds were set with these runs in
/// view, so those do not test them.
public struct SetVerdict: Codable, Sendable, Equatable {
  /// The verdicts.
  public enum Verdict: String, Codable, Sendable, CaseIterable {
    /// the backtest was off by 2 % on average and 5 % at worst, or less, and beat the guess; residuals
    /// are no more than 1.5 times those of the own set
    case reliable
    /// in between
    case risky
    /// off by more than 5 % on average, or no better than the guess, or no law can be fitted
    case unbelievable = "not to be believed"
  }

  /// Where the training runs are from.
  public let training: String
  /// The validation set.
  public let set: String
  /// The verdict.
  public let verdict: Verdict
  /// Why.
  public let reason: String
  /// Runs that it rests on.
  public let runs: Int
  /// Mean and largest relative error of the backtest's predictions.
  public let mean: Double?
  /// The largest.
  public let worst: Double?
  /// Mean relative error of the guess that a dearer run does as well as the best cheaper one.
  public let guess: Double?
  /// Compute of a prediction's run over that of the dearest fitted one, geometric mean.
  public let extrapolation: Double?
  /// The same of the farthest prediction: how far the verdict was tested.
  public let tested: Double?
  /// α of the law on all those runs.
  public let exponent: Double?
  /// E of the same.
  public let floor: Double?
  /// Residual SD of the same, a share of the loss.
  public let residualSD: Double?
  /// Loss here from loss on the training distribution's own set; nil for that set itself.
  public let fromOwn: LossToLossLaw.Fitted?
  /// How the law fitted on all those runs misses other runs, the held-out and the dearer ones, as far as
  /// `tested` goes; for comparison, with no part in the verdict. Nil without any.
  public let within: Misses?
  /// The same for runs beyond.
  public let beyond: Misses?

  /// Relative errors of a law on runs that it was not fitted on.
  public struct Misses: Codable, Sendable, Equatable {
    /// How many.
    public let runs: Int
    /// Mean.
    public let mean: Double
    /// The largest.
    public let worst: Double
    /// Compute of the dearest of them over that of the dearest fitted one.
    public let farthest: Double
  }

  /// The bounds of `reliable`, the mean of `unbelievable`, and how many times the residuals of the own
  /// set (or 0.5 %, about the noise of a seed) those of another may be.
  public static let bounds = (mean: 0.02, worst: 0.05, lost: 0.05, residuals: 1.5, noise: 0.005)

  /// Verdicts on every set that the runs of `data` have losses on, the own set first.
  public static func all(_ data: LawData, name: String, objective: Objective = .log) -> [SetVerdict]
  {
    let sets = Set(data.points.flatMap { ($0.setLosses ?? [:]).keys }).sorted()
    guard !sets.isEmpty else {
      return [SetVerdict(data, name: name, set: data.set ?? "loss", own: nil, objective)]
    }
    let own = data.set.flatMap { set in sets.contains(set) ? data.on(set: set) : nil } ?? data
    let usual = SetVerdict(own, name: name, set: data.set ?? "loss", own: nil, objective).residualSD
    return sets.map { set in
      SetVerdict(
        data.on(set: set), name: name, set: set, own: set == data.set ? nil : own, objective,
        usual: usual)
    }.sorted { ($0.fromOwn == nil ? 0 : 1, $0.set) < ($1.fromOwn == nil ? 0 : 1, $1.set) }
  }

  private init(
    _ data: LawData, name: String, set: String, own: LawData?, _ objective: Objective,
    usual: Double? = nil
  ) {
    training = name
    self.set = set
    let dearest = data.lossFit.map(\.compute).max() ?? 0
    let runs = data.points.filter {
      $0.loss != nil && $0.role != .holdout && $0.role != .replicate
        && $0.compute <= dearest * 1.0001
        && $0.tokenMultiplier >= RecommendedRule.minimumTokenMultiplier * 0.999
    }.sorted { ($0.compute, $0.run) < ($1.compute, $1.run) }
    self.runs = runs.count
    fromOwn = own.flatMap { try? LossToLossLaw.fit(from: $0, to: data, objective: objective) }
    var (errors, guesses, ratios) = ([Double](), [Double](), [Double]())
    var refusal: String?
    for share in [1.0 / 2, 2.0 / 3, 5.0 / 6] {
      let count = Int((Double(runs.count) * share).rounded())
      let cheap = Array(runs.prefix(count))
      guard count < runs.count, let best = cheap.compactMap(\.loss).min(),
        let top = cheap.last?.compute
      else { continue }
      let law: any LossLaw
      do throws(UserError) {
        law = try LawKind.overTraining.fit(cheap, objective: objective).lossLaw
      } catch {
        refusal = error.what
        continue
      }
      for point in runs.dropFirst(count) {
        guard let loss = point.loss else { continue }
        let predicted = law.loss(parameters: point.parameters, tokens: point.tokens)
        errors.append(abs(predicted / loss - 1))
        guesses.append(abs(best / loss - 1))
        ratios.append(log(point.compute / top))
      }
    }
    func average(_ values: [Double]) -> Double? {
      values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    mean = average(errors)
    worst = errors.max()
    guess = average(guesses)
    extrapolation = average(ratios).map { exp($0) }
    let tested = ratios.max().map { exp($0) }
    self.tested = tested
    let fit = try? LawKind.overTraining.fit(runs, objective: objective)
    exponent = (fit?.lossLaw as? OverTrainingLaw)?.exponent
    floor = fit?.lossLaw.irreducibleLoss
    residualSD = fit?.residualSD
    let others = data.points.filter {
      $0.loss != nil && $0.role != .replicate
        && ($0.role == .holdout || $0.compute > dearest * 1.0001)
        && $0.tokenMultiplier >= RecommendedRule.minimumTokenMultiplier * 0.999
    }
    func misses(_ isAsked: (Double) -> Bool) -> Misses? {
      let asked = others.filter { isAsked($0.compute / dearest) }
      guard let law = fit?.lossLaw, let farthest = asked.map(\.compute).max() else { return nil }
      let errors = asked.map { abs(law.loss(of: $0) / ($0.loss ?? .nan) - 1) }
      return Misses(
        runs: asked.count, mean: errors.reduce(0, +) / Double(errors.count),
        worst: errors.max() ?? .nan, farthest: farthest / dearest)
    }
    within = misses { $0 <= tested ?? 0 }
    beyond = misses { $0 > tested ?? 0 }
    (verdict, reason) = Self.judge(
      mean, worst, guess, errors.count, tested, fit: fit, usual: usual, runs: runs.count,
      refusal)
  }

  private static func judge(
    _ mean: Double?, _ worst: Double?, _ guess: Double?, _ count: Int, _ tested: Double?,
    fit: (any LossFit)?, usual: Double?, runs: Int, _ refusal: String?
  ) -> (Verdict, String) {
    func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
    func times(_ ratio: Double?) -> String {
      ratio.map { String(format: $0 < 10 ? "%.1f×" : "%.0f×", $0) } ?? "–"
    }
    guard let mean, let worst, let guess, let fit else {
      return (
        .unbelievable,
        "no backtest: \(refusal ?? "\(runs) runs are too few to cut into cheap and dear")"
      )
    }
    let flat = fit.zeroColumns.filter { $0 != "E" }
    if flat.count == 2 {
      return (.unbelievable, "the loss does not fall with size or tokens over the small runs")
    }
    let backtest =
      "\(count) backtests, up to \(times(tested)) the compute they were fitted on, off by"
      + " \(percent(mean)) on average, \(percent(worst)) at worst"
    if mean >= guess {
      return (
        .unbelievable, "\(backtest): no better than the best cheaper run's loss (\(percent(guess)))"
      )
    }
    if mean > bounds.lost {
      return (.unbelievable, "\(backtest): more than \(percent(bounds.lost)) on average")
    }
    if mean <= bounds.mean && worst <= bounds.worst {
      guard let usual, let sd = fit.residualSD,
        sd > bounds.residuals * max(usual, bounds.noise)
      else { return (.reliable, backtest) }
      return (
        .risky,
        "\(backtest); but the law misses the small runs by \(percent(sd)), \(percent(usual)) on the own"
          + " set"
      )
    }
    let over =
      mean > bounds.mean
      ? "more than \(percent(bounds.mean)) on average"
      : "more than \(percent(bounds.worst)) at worst"
    return (.risky, "\(backtest): \(over)")
  }
}
