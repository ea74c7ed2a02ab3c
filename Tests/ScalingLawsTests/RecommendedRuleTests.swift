import Experiment
import Foundation
import ScalingLaws
import Testing

/// The rule of `RecommendedRule` on the published runs of two training sets, whose dear runs were known
/// when it was made; the third set is not here.
struct RecommendedRuleTests {
  static let sets = ["c4_original", "rpj"]

  /// The runs of a training set with those below a compute threshold to fit on.
  static func data(
    _ set: String, upTo compute: Double, least m: Double = RecommendedRule.minimumTokenMultiplier
  ) throws -> LawData {
    try GadreTestbed(GadreRuns.folder)
      .data(trainingSet: set, lossSet: "c4_val", errors: .subset)
      .selecting(upTo: compute, tokenMultiplier: m)
  }

  static func fit(_ data: LawData, pool: [LawData] = [], draws: Int = 0) throws -> Fit {
    let choice = RecommendedRule.choice(runs: pool.isEmpty ? data.fitCells : 16)
    return try Fit(
      data, options: FitOptions(choice.objective, law: choice.law, draws: draws), pool: pool)
  }

  /// Mean and largest relative error in percent.
  static func errors(_ predictions: [Prediction]) -> (mean: Double, worst: Double) {
    let errors = predictions.compactMap(\.loss.relativeError).map { 100 * $0 }
    return (errors.reduce(0, +) / Double(max(1, errors.count)), errors.max() ?? .nan)
  }

  /// One set at a time: 1.561 % mean and 2.959 % worst on these four targets, as scipy finds for
  /// the same rule (with the third set, which is not here, the notes have 1.297 and 2.959).
  @Test(.enabled(if: GadreRuns.isPresent, "\(GadreRuns.absence)"))
  func largeTargets() throws {
    let predictions = try Self.sets.flatMap {
      try Self.fit(Self.data($0, upTo: 2.04e19)).predictions
    }
    #expect(predictions.count == 4)
    let (mean, worst) = Self.errors(predictions)
    #expect(abs(mean - 1.561) < 2e-3)
    #expect(abs(worst - 2.959) < 2e-3)
  }

  /// One exponent for both sets: scipy finds 1.385 and 3.035 (three sets: 1.049 and 2.622).
  @Test(.enabled(if: GadreRuns.isPresent, "\(GadreRuns.absence)"))
  func largeTargetsPooled() throws {
    let data = try Self.sets.map { try Self.data($0, upTo: 2.04e19) }
    let fits = try [
      Self.fit(data[0], pool: [data[1]]), Self.fit(data[1], pool: [data[0]]),
    ]
    #expect(abs(fits[0].coefficient("alpha") - 0.2654) < 1e-4)
    #expect(abs(fits[0].coefficient("alpha") - fits[1].coefficient("alpha")) < 1e-6)
    let (mean, worst) = Self.errors(fits.flatMap(\.predictions))
    #expect(abs(mean - 1.385) < 4e-3)
    #expect(abs(worst - 3.035) < 4e-3)
  }

  /// Runs above a threshold with M ≥ 20.
  static func dearer(_ fit: Fit, than compute: Double) -> [Prediction] {
    (fit.predictions + fit.validation).filter {
      $0.compute > compute && $0.tokenMultiplier > 19
    }
  }

  /// The compute-threshold table of the notes: M ≥ 20 below the threshold, all M ≥ 20 above it. The
  /// figures are scipy's for the same rule; with all runs of M ≥ 10 to fit on, as the rule itself
  /// selects, they are 1.209, 1.630, 2.174 and 2.674.
  @Test(
    .enabled(if: GadreRuns.isPresent, "\(GadreRuns.absence)"),
    arguments: [
      (2.5e19, 20.0, 17, 1.480), (1e19, 20, 12, 1.701), (3e18, 20, 10, 1.635), (1e18, 20, 7, 3.203),
      (2.5e19, 10, 21, 1.209), (1e19, 10, 15, 1.630), (3e18, 10, 13, 2.174), (1e18, 10, 9, 2.674),
    ])
  func thresholds(compute: Double, least: Double, runs: Int, mean: Double) throws {
    let predictions = try Self.sets.flatMap { set in
      let data = try Self.data(set, upTo: compute, least: least)
      #expect(data.fitCells == runs)
      return try Self.dearer(Self.fit(data), than: compute)
    }
    #expect(abs(Self.errors(predictions).mean - mean) < 0.01)
  }

  /// At each threshold no law with any objective does better than the rule does.
  @Test(
    .enabled(if: GadreRuns.isPresent, "\(GadreRuns.absence)"),
    arguments: [2.5e19, 1e19, 3e18, 1e18]
  )
  func noColumnIsBetter(compute: Double) throws {
    let data = try Self.sets.map { try Self.data($0, upTo: compute, least: 20) }
    let ours = try Self.errors(
      data.flatMap { try Self.dearer(Self.fit($0), than: compute) }
    ).mean
    for law in [LawKind.overTraining, .chinchilla, .floorless, .computeOnly] {
      for objective in Objective.allCases {
        // Free exponents need a third size, which the lowest threshold does not leave.
        let fits = data.compactMap { try? Fit($0, options: FitOptions(objective, law: law)) }
        guard fits.count == data.count else { continue }
        let theirs = Self.errors(fits.flatMap { Self.dearer($0, than: compute) }).mean
        #expect(ours <= theirs + 1e-3, "\(law.rawValue) \(objective)")
      }
    }
  }

  /// Nominal 90 % intervals on every dearer run's loss and every large target's error.
  @Test(.enabled(if: GadreRuns.isPresent, "\(GadreRuns.absence)"))
  func coverageOfTargets() throws {
    var losses = [Bool]()
    var errors = [Bool]()
    func isInside(_ estimate: Estimate) throws -> Bool {
      let (low, high) = (try #require(estimate.low), try #require(estimate.high))
      return try (low...high).contains(#require(estimate.actual))
    }
    for set in Self.sets {
      for mean in GadreTestbed.ErrorMean.allCases {
        let data = try GadreTestbed(GadreRuns.folder)
          .data(trainingSet: set, lossSet: "c4_val", errors: mean)
          .selecting(upTo: 2.04e19, tokenMultiplier: 10)
        var options = FitOptions(.huber, draws: 1000)
        options.errorRule = .recommended(data)
        let fit = try Fit(data, options: options)
        errors += try fit.predictions.compactMap(\.error).map(isInside)
        guard mean == .subset else { continue }
        losses += try Self.dearer(fit, than: 2.04e19).map { try isInside($0.loss) }
        if RefitBenchmarkTests.isBenchmark {
          print("\(set): κ = \(fit.inflation), s = \(fit.residualSD ?? 0)")
          for p in Self.dearer(fit, than: 2.04e19) {
            func row(_ e: Estimate?) -> String {
              guard let e, let a = e.actual, let l = e.low, let h = e.high else { return "" }
              return String(
                format: "%+.2f [%+.2f, %+.2f]%%", 100 * (a / e.predicted - 1),
                100 * (l / e.predicted - 1), 100 * (h / e.predicted - 1))
            }
            print(p.run, row(p.loss), row(p.error))
          }
        }
      }
    }
    let hits = (losses + errors).count(where: \.self)
    if RefitBenchmarkTests.isBenchmark {
      print(
        "covered: losses \(losses.count(where: \.self)) of \(losses.count), errors "
          + "\(errors.count(where: \.self)) of \(errors.count)")
    }
    let share = Double(hits) / Double(losses.count + errors.count)
    #expect((0.80...0.97).contains(share))
  }

  /// Sets made with one exponent give it back, with coefficients of their own; so do sets of different
  /// exponents, where noise does not hide the difference.
  @Test func sharedExponentIsRecovered() throws {
    let laws = [(1.7, 0.28), (2.1, 0.28), (2.1, 0.24)].map {
      OverTrainingLaw(E: $0.0, A: 120 + 40 * $0.0, B: 300, alpha: $0.1)
    }
    let data = laws.map { RecoveryTests.data($0) }
    for objective in Objective.allCases {
      let fit = try Fit(data[0], options: FitOptions(objective), pool: [data[1]])
      for wanted in laws[0].coefficients {
        #expect(abs(fit.coefficient(wanted.name) / wanted.value - 1) < 1e-4, "\(wanted.name)")
      }
    }
    for (i, wanted) in [(1, 0.28), (2, 0.24)] {
      let fit = try Fit(data[i], options: FitOptions(.log), pool: [data[3 - i]])
      #expect(abs(fit.coefficient("alpha") - wanted) < 1e-4)
    }
  }

  /// Between one exponent for all and one for each: what noise explains is shared, the rest is not.
  @Test func differingExponentsArePartlyPooled() throws {
    /// The exponents of three noisy sets, each alone and all pooled.
    func spreads(_ exponents: [Double], noise: Double, seed: UInt64) throws -> (Double, Double) {
      var random = RandomSource(seed: seed)
      let data = exponents.map { exponent in
        var set = RecoveryTests.data(OverTrainingLaw(E: 1.8, A: 120, B: 300, alpha: exponent))
        set.points = set.points.map { point in
          LawPoint(
            run: point.run, parameters: point.parameters, tokens: point.tokens,
            loss: point.loss.map { $0 * exp(noise * random.normal()) }, role: .fit)
        }
        return set
      }
      func spread(pooled: Bool) throws -> Double {
        let found = try data.indices.map { i in
          try Fit(
            data[i], options: FitOptions(.log),
            pool: pooled ? data.indices.filter { $0 != i }.map { data[$0] } : []
          ).coefficient("alpha")
        }
        return try #require(found.max()) - #require(found.min())
      }
      return try (spread(pooled: false), spread(pooled: true))
    }
    let (own, kept) = try spreads([0.22, 0.26, 0.30], noise: 0.001, seed: 1)
    #expect(kept > 0.95 * own && kept <= own)
    // Where there is no difference most draws of noise leave one exponent.
    let same = try (1...12).map { try spreads([0.26, 0.26, 0.26], noise: 0.01, seed: $0) }
    #expect(same.allSatisfy { $0.1 <= $0.0 })
    #expect(same.count { $0.1 == 0 } >= 6)
    #expect(same.reduce(0) { $0 + $1.1 } < 0.5 * same.reduce(0) { $0 + $1.0 })
  }

  /// Two noisy sets together know the exponent better than one, and their intervals say so.
  @Test func sharingNarrowsIntervals() throws {
    var random = RandomSource(seed: 5)
    let law = OverTrainingLaw(E: 1.84, a: 212, b: 367, eta: 0.1364)
    let cells = [1.06e7, 7.9e7, 1.54e8, 4.12e8].map { ($0, 20.0) } + [(1.06e7, 320), (7.9e7, 80)]
    let data = (0..<3).map { _ in
      LawData(
        points: cells.enumerated().map { i, cell in
          LawPoint(
            run: "\(i)", parameters: cell.0, tokens: cell.0 * cell.1,
            loss: law.loss(parameters: cell.0, tokens: cell.0 * cell.1)
              * exp(0.003 * random.normal()), role: .fit)
        }, source: "simulation")
    }
    let alone = try Fit(data[0], options: FitOptions(.log, draws: 200))
    let pooled = try Fit(
      data[0], options: FitOptions(.log, draws: 200), pool: [data[1], data[2]])
    let (one, all) = (
      alone.predict(parameters: 6.9e9, tokens: 1.38e11).loss,
      pooled.predict(parameters: 6.9e9, tokens: 1.38e11).loss
    )
    for (low, high) in [(\Estimate.low, \Estimate.high), (\.deltaLow, \.deltaHigh)] {
      let widths = try [one, all].map {
        try #require($0[keyPath: high]) - #require($0[keyPath: low])
      }
      #expect(widths[1] < 0.8 * widths[0])
    }
    #expect(throws: UserError.self) {
      try Fit(data[0], options: FitOptions(.log, law: .chinchilla), pool: [data[1]])
    }
  }
}
