import Experiment
import Foundation
import ScalingLaws
import Testing

/// Laws and plans with published check values.
struct PlanningTests {
  /// Muennighoff et al.: their README's two values, to every digit.
  @Test(arguments: [(6.34e9, 242e9, 2.2256440889984477), (8.67e9, 178e9, 2.2269634075087867)])
  func dataConstrained(n: Double, d: Double, loss: Double) {
    let base = ChinchillaLaw(
      E: exp(0.6254804), A: exp(6.255414), B: exp(7.3049974), alpha: 0.3526596, beta: 0.3526596)
    let law = DataConstrainedLaw(
      base: base, repetitionScale: 15.387756, excessScale: 5.309743)
    #expect(abs(law.loss(parameters: n, tokens: d, unique: 25e9) - loss) < 1e-14)
    // Fresh data: the base law, where the tokens can feed the model.
    let fresh = law.loss(parameters: 1e8, tokens: 2e10, unique: 2e10)
    #expect(abs(fresh - base.loss(parameters: 1e8, tokens: 2e10)) < 1e-12)
  }

  @Test func repetitionScalesAreRecovered() {
    let law = DataConstrainedLaw(
      base: ChinchillaLaw(E: 1.87, A: 521, B: 1488, alpha: 0.353, beta: 0.353),
      repetitionScale: 15.4, excessScale: 5.3)
    var runs: [DataConstrainedLaw.Run] = []
    for n in [1e8, 5e8, 3e9] {
      for unique in [1e8, 1e9] {
        for epochs in [1.0, 4, 20, 80] {
          let loss = law.loss(parameters: n, tokens: epochs * unique, unique: unique)
          runs.append((n, epochs * unique, unique, loss))
        }
      }
    }
    let found = DataConstrainedLaw(base: law.base, runs: runs)
    #expect(abs(found.repetitionScale / 15.4 - 1) < 1e-6)
    #expect(abs(found.excessScale / 5.3 - 1) < 1e-6)
  }

  static let hoffmann = ChinchillaLaw(E: 1.69, A: 406.4, B: 410.7, alpha: 0.336, beta: 0.283)

  /// Sardana et al.: the quality of a compute-optimal 30B model, serving 1e13 tokens: 13.6B
  /// parameters on 2.84 times its data, 28 % fewer FLOPs.
  @Test func serving() throws {
    let compute = try #require(
      [1e22, 1e25].withBisection { (Self.hoffmann.optimum(compute: $0)?.parameters ?? 0) - 30e9 })
    let optimum = try #require(Self.hoffmann.optimum(compute: compute))
    let loss = Self.hoffmann.loss(parameters: optimum.parameters, tokens: optimum.tokens)
    let serving = try Serving(Self.hoffmann, loss: loss, servedTokens: 1e13)
    let (best, trained) = (serving.cheapest, serving.cheapestToTrain)
    #expect(abs(trained.parameters / 30e9 - 1) < 1e-6)
    #expect(abs(best.parameters / 1.361e10 - 1) < 1e-3)
    #expect(abs(best.tokens / trained.tokens / 2.845 - 1) < 1e-3)
    #expect(abs(1 - best.totalFLOPs / trained.totalFLOPs - 0.280) < 1e-3)
    for m in [10.0, 80, 640] {
      let model = serving.model(tokenMultiplier: m)
      #expect(
        abs(Self.hoffmann.loss(parameters: model.parameters, tokens: model.tokens) - loss) < 1e-9)
      #expect(model.totalFLOPs >= best.totalFLOPs * (1 - 1e-12))
      if let tokens = serving.breakEven(model) {
        let (a, b) = (model, trained)
        let difference =
          a.trainingFLOPs + 2 * a.parameters * tokens - b.trainingFLOPs - 2 * b.parameters * tokens
        #expect(abs(difference) < 1e-9 * b.trainingFLOPs)
      }
    }
    #expect(throws: UserError.self) {
      try Serving(Self.hoffmann, loss: 1.6, servedTokens: 0)
    }
    #expect(throws: UserError.self) {
      try Serving(ComputeLaw(E: 1, lambda: 2, eta: 0.1), loss: 1.6, servedTokens: 0)
    }
  }

  /// The notes' table for the RedPajama law at σ = 0.3 %: the paper's design promises 1.52 and
  /// 1.66 % at its targets, four sizes at three M 0.53 and 0.64 %; one ray nothing.
  @Test func designs() throws {
    let law = OverTrainingLaw(
      E: 1.83664840, a: 212.236120, b: 366.687193, eta: 0.13642535)
    let sizes = [10_569_312.0, 78_914_048, 153_677_376, 411_616_256]
    let targets = [
      SIMD2(1_439_795_200.0, 1_439_795_200 * 640), SIMD2(6.88941056e9, 1.377882112e11),
    ]
    let promises = Design.candidates(sizes: sizes, multipliers: [20, 320]).map {
      $0.promise(law, sigma: 0.003, targets: targets)
    }
    #expect(promises[0].predictionSD.isEmpty)
    let paper = promises[1]
    #expect(paper.runs == 5)
    #expect(abs(paper.compute / 2.41405e19 - 1) < 1e-4)
    #expect(abs(try #require(paper.floorSD) - 0.113) < 0.002)
    #expect(abs(try #require(paper.exponentSD) - 0.0142) < 0.0003)
    #expect(abs(paper.predictionSD[0] - 0.0152) < 0.0006)
    #expect(abs(paper.predictionSD[1] - 0.0166) < 0.0006)
    let grid = try #require(
      Design.candidates(sizes: sizes, multipliers: [20, 80, 320]).last
    ).promise(law, sigma: 0.003, targets: targets)
    #expect(grid.runs == 12)
    #expect(abs(grid.predictionSD[0] - 0.0053) < 0.0006)
    #expect(abs(grid.predictionSD[1] - 0.0064) < 0.0006)
  }
}

extension PlanningTests {
  /// The best design within a budget keeps to it, and promises no less than any of the fixed ones that
  /// cost as much.
  @Test func bestDesign() throws {
    let law = OverTrainingLaw(
      E: 1.83664840, a: 212.236120, b: 366.687193, eta: 0.13642535)
    let sizes = [10_569_312.0, 78_914_048, 153_677_376, 411_616_256]
    let multipliers = [20.0, 80, 320]
    let targets = [
      SIMD2(1_439_795_200.0, 1_439_795_200 * 640), SIMD2(6.88941056e9, 1.377882112e11),
    ]
    for budget in [2.5e19, 1e20, 5e20] {
      let best = try #require(
        Design.best(
          sizes: sizes, multipliers: multipliers, budget: budget, law, sigma: 0.003,
          targets: targets))
      let promise = best.promise(law, sigma: 0.003, targets: targets)
      #expect(promise.compute <= budget)
      let worst = try #require(promise.predictionSD.max())
      for other in Design.candidates(sizes: sizes, multipliers: multipliers) {
        let its = other.promise(law, sigma: 0.003, targets: targets)
        guard its.compute <= budget, let sd = its.predictionSD.max() else { continue }
        #expect(worst <= sd * 1.02, "\(other.name) \(sd) against \(worst) at \(budget)")
      }
    }
    #expect(
      Design.best(
        sizes: sizes, multipliers: multipliers, budget: 1e16, law, sigma: 0.003, targets: targets)
        == nil)
  }

  /// A weakly tied law serves like the free one that it is.
  @Test func weaklyTiedServes() throws {
    let tied = OverTrainingLaw(E: 1.8, A: 166, B: 287, alpha: 0.273)
    let fit = try Fit(RecoveryTests.data(tied), options: FitOptions(.log, law: .weaklyTied))
    let serving = try Serving(fit.lossLaw, loss: 2.4, servedTokens: 1e12)
    let direct = try Serving(tied, loss: 2.4, servedTokens: 1e12)
    #expect(abs(serving.cheapest.parameters / direct.cheapest.parameters - 1) < 1e-4)
  }

  /// The loss of a target error is the error law backwards.
  @Test func lossForAnError() throws {
    let fit = try FitFileTests.fit()
    let loss = try #require(fit.loss(forError: 0.6))
    #expect(abs(try #require(fit.error(atLoss: loss)) - 0.6) < 1e-9)
    #expect(fit.loss(forError: 0.01) == nil && fit.loss(forError: 0.99) == nil)
  }

  /// All factors of extrapolation.
  @Test func reach() throws {
    let fit = try FitFileTests.fit()
    let p = fit.predict(parameters: 4.11616256e9, tokens: 4.11616256e9 * 40)
    let reach = try #require(p.reach)
    #expect(abs(reach.parameters - 10) < 1e-9)
    #expect(abs(reach.tokens - 20) < 1e-9)
    #expect(abs(reach.tokenMultiplier - 40 / 320) < 1e-9)
    #expect(abs(reach.totalCompute - p.compute / fit.fitCompute) < 1e-9)
    #expect(abs(p.extrapolation - 200) < 1e-9)
  }

  static func repeating(noise: Double = 0) -> (LawData, DataConstrainedLaw) {
    let law = DataConstrainedLaw(
      base: ChinchillaLaw(E: 1.87, A: 521, B: 1488, alpha: 0.353, beta: 0.353),
      repetitionScale: 15.4, excessScale: 5.3)
    var random = RandomSource(seed: 7)
    var data = LawData(points: [], source: "synthetic")
    for n in [1e7, 1e8, 5e8, 2e9] {
      for unique in [1e9, 1e10, 4e10] {
        for epochs in [1.0, 4, 20, 60] {
          // Larger models than the fresh tokens can feed are no part of the first stage.
          let d = epochs * unique
          if epochs == 1 && law.effectiveParameters(n, unique: unique) < n { continue }
          var point = LawPoint(
            run: "\(n)-\(unique)-\(epochs)", parameters: n, tokens: d,
            loss: law.loss(parameters: n, tokens: d, unique: unique)
              * exp(noise * random.normal()), role: .fit)
          point.uniqueTokens = unique
          data.points.append(point)
        }
      }
    }
    return (data, law)
  }

  /// `--law data-constrained`: both stages from one table, and predictions that know the corpus.
  @Test func dataConstrainedFit() throws {
    let (data, law) = Self.repeating()
    let read = try LawData(csvText: data.csvText, name: "runs.csv")
    let fit = try Fit(read, options: FitOptions(.log, law: .dataConstrained))
    #expect(abs(fit.coefficient("alpha") / 0.353 - 1) < 1e-6)
    #expect(abs(fit.coefficient("repetitionScale") / 15.4 - 1) < 1e-5)
    #expect(abs(fit.coefficient("excessScale") / 5.3 - 1) < 1e-5)
    let p = fit.predict(parameters: 3e8, tokens: 5e10, unique: 1e9)
    #expect(
      abs(p.loss.predicted / law.loss(parameters: 3e8, tokens: 5e10, unique: 1e9) - 1) < 1e-6)
    #expect(fit.predict(parameters: 3e8, tokens: 5e10).loss.predicted < p.loss.predicted)
    // The other laws take the tokens for fresh, and say so.
    let blind = try Fit(read, options: FitOptions(.log))
    #expect(blind.warnings.contains { $0.contains("repeat tokens") })
    #expect((blind.residualSD ?? 0) > 10 * (fit.residualSD ?? 1))
    #expect(blind.tournament.entries.first?.law == "data-constrained")
  }

  @Test func dataConstrainedIntervals() throws {
    let (data, law) = Self.repeating(noise: 0.004)
    let fit = try Fit(data, options: FitOptions(.log, law: .dataConstrained, draws: 60))
    let p = fit.predict(parameters: 3e8, tokens: 5e10, unique: 1e9)
    let (low, high) = (try #require(p.loss.low), try #require(p.loss.high))
    #expect((low...high).contains(law.loss(parameters: 3e8, tokens: 5e10, unique: 1e9)))
    #expect(p.loss.deltaLow != nil)
    var few = data
    few.points = few.points.filter { $0.uniqueTokens == $0.tokens }
    let error = #expect(throws: UserError.self) {
      try Fit(few, options: FitOptions(.log, law: .dataConstrained))
    }
    #expect(error?.what.contains("repeat") == true)
  }
}

extension [Double] {
  /// Where `f` changes sign between the first and the last element, in logarithmic halves.
  fileprivate func withBisection(_ f: (Double) -> Double) -> Double? {
    guard var low = first, var high = last else { return nil }
    for _ in 0..<200 {
      let middle = (low * high).squareRoot()
      if f(middle) < 0 { low = middle } else { high = middle }
    }
    return (low * high).squareRoot()
  }
}

/// Frozen predictions, foreign tables, grades.
struct UserCommandTests {
  static func file(_ name: String) -> URL {
    FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)-\(name)")
  }

  @Test func freezeAndScore() throws {
    let fit = try FitFileTests.fit()
    let prediction = fit.predict(parameters: 6.9e9, tokens: 1.4e11)
    let url = Self.file("frozen.json")
    defer { try? FileManager.default.removeItem(at: url) }
    let frozen = try FrozenPrediction(fit, prediction)
    #expect(frozen.hash.count == 64 && frozen.inputHash.count == 64)
    try frozen.write(to: url)
    let read = try FrozenPrediction.read(url)
    #expect(read == frozen)
    let scored = read.scored(loss: 2.3822, error: 0.48)
    #expect(scored.loss.actual == 2.3822)
    #expect(
      abs((scored.loss.relativeError ?? 0) - abs(prediction.loss.predicted / 2.3822 - 1)) < 1e-12)
    #expect(scored.error?.actual == 0.48)
    // What is frozen stays: no overwriting, and no edit goes unseen.
    #expect(throws: UserError.self) { try frozen.write(to: url) }
    let text = try String(contentsOf: url, encoding: .utf8)
    try text.replacing(#/"predicted" : 2\./#, with: "\"predicted\" : 1.").write(
      to: url, atomically: true, encoding: .utf8)
    let error = #expect(throws: UserError.self) { try FrozenPrediction.read(url) }
    #expect(error?.what.contains("edited") == true)
  }

  @Test func foreignTable() throws {
    let url = Self.file("table.csv")
    defer { try? FileManager.default.removeItem(at: url) }
    try "name,params_b,ratio,val\n\"a, b\",0.01,20,5.2\nc,0.08,20,3.8\n".write(
      to: url, atomically: true, encoding: .utf8)
    let data = try LawData(
      csv: url, mapping: ColumnMapping(["run=name", "N=params_b*1e9", "M=ratio", "loss=val"]))
    #expect(data.points.map(\.run) == ["a, b", "c"])
    #expect(data.points.map(\.parameters) == [1e7, 8e7])
    #expect(data.points.map(\.tokens) == [2e8, 1.6e9])
    #expect(data.points[1].location?.hasSuffix(":3") == true)
    for (map, what) in [
      (["N=params", "D=ratio", "loss=val"], "no column params"),
      (["N=params_b", "loss=val"], "needs"),
      (["N=params_b", "M=ratio", "loss=val"], "N is 0.01"),
      (["size=params_b"], "no column of ours"),
      (["N=params_b*x"], "factor"), (["N=val", "N=ratio"], "twice"),
    ] {
      let error = #expect(throws: UserError.self) {
        try LawData(csv: url, mapping: ColumnMapping(map))
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains(what), "\(what)")
    }
  }

  /// A task that follows its sigmoid is predictable, one that jumps at the end risky, one that never
  /// moves at chance.
  @Test func grades() throws {
    var data = RecoveryTests.data(OverTrainingLaw(E: 1.7, a: 210, b: 350, eta: 0.14))
    data.taskChances = ["smooth": 0.75, "jumpy": 0.75, "still": 0.5]
    let lowest = data.points.compactMap(\.loss).sorted()
    data.points = data.points.map { point in
      var copy = point
      let loss = point.loss ?? 0
      copy.taskErrors = [
        "smooth": 0.75 - 0.6 / (1 + exp(2 * (loss - 3.2))),
        "jumpy": loss <= lowest[3] ? 0.3 : 0.74, "still": 0.5 - 0.001 * (5 - loss),
      ]
      return copy
    }
    let grades = TaskGrade.all(data)
    #expect(grades.map(\.task) == ["smooth", "jumpy", "still"])
    #expect(grades.map(\.grade) == [.predictable, .risky, .atChance])
    #expect(grades[0].backtest < grades[0].constant)
    #expect(TaskGrade.all(GadreRuns.data(GadreRuns.c4)).isEmpty)
    #expect(try Fit(data, options: FitOptions(.log)).taskRecord == nil)
    // A dear run that does what the curve says, and what the jump does not.
    let loss = OverTrainingLaw(E: 1.7, a: 210, b: 350, eta: 0.14)
      .loss(parameters: 4e9, tokens: 8e10)
    var dear = LawPoint(
      run: "dear", parameters: 4e9, tokens: 8e10, loss: loss, role: .holdout)
    dear.taskErrors = [
      "smooth": 0.75 - 0.6 / (1 + exp(2 * (loss - 3.2))), "jumpy": 0.6, "still": 0.4,
    ]
    data.points.append(dear)
    let record = try #require(try Fit(data, options: FitOptions(.log)).taskRecord)
    let smooth = try #require(record.tasks.first)
    #expect(smooth.task == "smooth" && smooth.predicted < 0.01 && smooth.best > 0.1)
    #expect(record.means([.predictable])?.tasks == 1)
    #expect((record.means([.risky])?.predicted ?? 0) > 0.2)
    #expect(record.means([]) == nil)
  }

  /// On the published runs the backtest from small runs ranks the error on the large ones, and tasks
  /// called predictable beat the guess that nothing changes.
  @Test(
    .enabled(if: GadreRuns.isPresent, "\(GadreRuns.absence)"), arguments: ["c4_original", "rpj"])
  func gradesOfPublishedTasks(set: String) throws {
    let data = try GadreTestbed(GadreRuns.folder)
      .data(trainingSet: set, lossSet: "c4_val", errors: .all)
    let grades = TaskGrade.all(data)
    #expect(grades.count == 46)
    let good = grades.filter { $0.grade == .predictable }
    #expect(good.count >= 5)
    let mean = { (values: [Double]) in values.reduce(0, +) / Double(values.count) }
    #expect(mean(good.map(\.backtest)) < mean(good.map(\.constant)))
    // And on the large runs, through their predicted loss.
    let record = try #require(
      try Fit(data.selecting(upTo: 2.04e19, tokenMultiplier: 10), options: FitOptions(.huber))
        .taskRecord)
    #expect(record.tasks.count == 46)
    let means = try #require(record.means([.predictable]))
    #expect(means.predicted < means.best && means.predicted < means.constant)
    // 0.48 and 0.48: most tasks sit at chance, where there is little to rank.
    #expect(record.rankCorrelation > 0.45)
    let risky = try #require(record.means([.risky]))
    #expect(means.predicted < risky.predicted)
  }
}
