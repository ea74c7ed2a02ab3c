import Experiment
import Foundation
import ScalingLaws
import Testing

/// Loss within a run, and the end of a run from its beginning.
struct CurveLawTests {
  static func cosine(_ steps: Int, peak: Double = 0.02, warmup: Int = 40) -> [Double] {
    (0..<steps).map { step in
      step < warmup
        ? peak * Double(step + 1) / Double(warmup)
        : 0.1 * peak + 0.45 * peak
          * (1 + cos(.pi * Double(step - warmup) / Double(steps - warmup)))
    }
  }

  /// S₁ and S₂ of a schedule in words: constant, then half the rate.
  @Test func areas() {
    let areas = AnnealingAreas(rates: [1, 2, 2, 2, 1, 1], warmupSteps: 1, momentum: 0.5)
    #expect(areas.area == [1, 3, 5, 7, 8, 9])
    #expect(areas.annealing == [0, 0, 0, 0, 1, 1.5])
  }

  @Test(arguments: [Objective.log, .huber])
  func annealingIsRecovered(objective: Objective) throws {
    let law = AnnealingLaw(L0: 2.1, A: 0.9, alpha: 0.45, C: 0.6)
    let areas = AnnealingAreas(rates: Self.cosine(1200), warmupSteps: 40, momentum: 0.99)
    let steps = Array(stride(from: 50, to: 1200, by: 12))
    let samples = steps.map {
      (
        area: areas.area[$0], annealing: areas.annealing[$0],
        loss: law.loss(area: areas.area[$0], annealing: areas.annealing[$0])
      )
    }
    let found = try #require(AnnealingLaw(fitting: samples, objective: objective))
    #expect(abs(found.floor / 2.1 - 1) < 1e-6)
    #expect(abs(found.areaCoefficient / 0.9 - 1) < 1e-6)
    #expect(abs(found.areaExponent / 0.45 - 1) < 1e-6)
    #expect(abs(found.annealingCoefficient / 0.6 - 1) < 1e-6)
    #expect(AnnealingLaw(fitting: Array(samples.prefix(4))) == nil)
  }

  @Test(arguments: Objective.allCases)
  func hyperbolaIsRecovered(objective: Objective) throws {
    let law = HyperbolicLaw(E: 2.4, a: 3.1, tau: 70)
    let steps = (1...120).map { Double($0 * 5) }
    let found = try #require(
      HyperbolicLaw(fitting: steps.map { ($0, law.value($0)) }, objective: objective))
    #expect(abs(found.floor / 2.4 - 1) < 1e-6)
    #expect(abs(found.height / 3.1 - 1) < 1e-6)
    #expect(abs(found.scale / 70 - 1) < 1e-6)
  }

  /// A run of the annealing law with noise.
  static func run(
    _ law: AnnealingLaw, steps: Int, noise: Double, momentum: Double, _ random: inout RandomSource
  ) -> (curve: RunCurve, end: Double) {
    let rates = cosine(steps)
    let areas = AnnealingAreas(rates: rates, warmupSteps: 40, momentum: momentum)
    let every = max(1, steps / 200)
    let samples = stride(from: every, through: steps, by: every).map { step in
      let middle = max(1, step - every / 2)
      let loss = law.loss(area: areas.area[middle - 1], annealing: areas.annealing[middle - 1])
      return (step: step, loss: loss * exp(noise * random.normal()))
    }
    return (
      RunCurve(samples: samples, rates: rates, warmupSteps: 40),
      law.loss(area: areas.area[steps - 1], annealing: areas.annealing[steps - 1])
    )
  }

  /// Half of a run without noise says where it ends; the hyperbola, which knows no schedule, does not.
  @Test func forecast() throws {
    var random = RandomSource(seed: 1)
    let law = AnnealingLaw(L0: 2.1, A: 0.9, alpha: 0.45, C: 0.6)
    let run = Self.run(law, steps: 1600, noise: 0, momentum: 0.99, &random)
    let half = run.curve.cut(at: 0.5)
    #expect(abs(half.progress - 0.5) < 0.01)
    let annealing = try #require(RunForecast(half, law: .annealing))
    #expect(abs(annealing.loss / run.end - 1) < 2e-3)
    let hyperbola = try #require(RunForecast(half, law: .hyperbolic))
    #expect(abs(hyperbola.loss / run.end - 1) > 5e-3)
    #expect(try #require(RunForecast(half)).law == .annealing)
    #expect(RunForecast(run.curve.cut(at: 0.03)) == nil)
  }

  /// A curve from elsewhere: losses every 20 steps, rates every 10, the end known as a schedule only.
  static func csv(_ law: AnnealingLaw, steps: Int, seen: Int) -> String {
    let rates = cosine(steps)
    let areas = AnnealingAreas(rates: rates, warmupSteps: 40, momentum: 0.99)
    let rows = stride(from: 10, through: steps, by: 10).map { step in
      let loss = law.loss(area: areas.area[step - 1], annealing: areas.annealing[step - 1])
      let cell = step.isMultiple(of: 20) && step <= seen ? "\(loss)" : ""
      return "\(step),\(rates[step - 1]),\(cell)"
    }
    return "step,lr,loss\n" + rows.joined(separator: "\n") + "\n"
  }

  @Test func foreignCurve() throws {
    let law = AnnealingLaw(L0: 2.1, A: 0.9, alpha: 0.45, C: 0.6)
    let url = UserCommandTests.file("curve.csv")
    defer { try? FileManager.default.removeItem(at: url) }
    try Self.csv(law, steps: 1600, seen: 1000)
      .write(to: url, atomically: true, encoding: .utf8)
    let curve = try RunCurve(csv: url, until: nil, warmup: nil)
    #expect(curve.steps == 1600 && curve.samples.count == 50 && curve.warmupSteps == 40)
    #expect(abs(curve.rates[804] / Self.cosine(1600)[804] - 1) < 1e-4)
    let areas = AnnealingAreas(rates: Self.cosine(1600), warmupSteps: 40, momentum: 0.99)
    let end = law.loss(area: areas.area[1599], annealing: areas.annealing[1599])
    let found = try #require(RunForecast(curve, law: .annealing))
    #expect(abs(found.loss / end - 1) < 2e-3)
    #expect(found.coefficients.map(\.name) == ["L0", "A", "alpha", "C", "lambda"])
    // The hyperbola sees no schedule; without one there is no annealing law.
    let longer = try RunCurve(csv: url, until: 2000, warmup: 100)
    #expect(
      longer.steps == 2000 && longer.warmupSteps == 100 && abs(longer.rates[1999] - 0.002) < 1e-6)
    try "step,loss\n".appending(
      (1...40).map { "\($0 * 5),\(2 + 3 / Double($0))" }
        .joined(separator: "\n")
    ).write(to: url, atomically: true, encoding: .utf8)
    let plain = try RunCurve(csv: url, until: 400, warmup: nil)
    #expect(plain.rates.isEmpty && plain.steps == 400 && plain.warmupSteps == 0)
    #expect(RunForecast(plain, law: .annealing) == nil)
    #expect(try #require(RunForecast(plain)).law == .hyperbolic)
  }

  @Test(arguments: [
    ("step,los\n1,2\n", 65, "no column loss"), ("step,loss\n1,2\n1,2\n", 65, "after step 1"),
    ("step,loss\n1.5,2\n", 65, "step is \"1.5\""), ("step,loss\n0,2\n", 65, "whole numbers"),
    ("step,loss\n3,nan\n", 65, "the loss is nan"), ("step,loss\n3,x\n", 65, "loss is \"x\""),
    ("step,loss,lr\n3,2,\n", 65, "lr is empty"), ("step,loss,lr\n3,2,-1\n", 65, "lr is -1"),
    ("step,loss\n3,2\n", 65, "1 losses after the warm-up"), ("step,loss\n9,2\n", 64, "past 5"),
    ("step,loss,lr\n3,2,0\n4,2,0\n", 65, "lr is 0 in every row"),
    ("step,loss\n90000000,2\n", 65, "count steps in hundreds"), ("", 65, "no column step"),
  ])
  func badCurves(text: String, code: Int32, words: String) throws {
    let url = UserCommandTests.file("curve.csv")
    defer { try? FileManager.default.removeItem(at: url) }
    try text.write(to: url, atomically: true, encoding: .utf8)
    let error = #expect(throws: UserError.self) {
      try RunCurve(csv: url, until: text.contains("9,2") ? 5 : nil, warmup: nil)
    }
    #expect(error?.kind.exitCode == code && error?.fix != nil, "\(text)")
    #expect(error.map { "\($0)" }?.contains(words) == true, "\(error.map { "\($0)" } ?? "")")
  }

  /// Finished runs correct the forecast and give an interval, and each is tested from the others. Over
  /// many grids nine intervals in ten hold the end.
  @Test func predictionFromSiblings() throws {
    var random = RandomSource(seed: 8)
    var (inside, total, tested, held) = (0, 0, 0, 0)
    for _ in 0..<40 {
      var runs: [(run: String, curve: RunCurve, loss: Double)] = []
      for i in 0..<7 {
        let law = AnnealingLaw(
          L0: 1.8 + 0.1 * Double(i) + 0.05 * random.normal(), A: 0.9, alpha: 0.45,
          C: 0.5 * exp(0.05 * random.normal()))
        let made = Self.run(law, steps: 400, noise: 0.01, momentum: 0.99, &random)
        // Validation is a little above training.
        runs.append(("r\(i)", made.curve, made.end * 1.02 * exp(0.002 * random.normal())))
      }
      let last = runs.removeLast()
      let p = try #require(
        RunPrediction(last.curve.cut(at: 0.6), finished: runs, level: 0.9))
      let (low, high) = (try #require(p.low), try #require(p.high))
      total += 1
      if (low...high).contains(last.loss) { inside += 1 }
      #expect(p.backtests.count == 6)
      tested += p.backtests.count { $0.isInside != nil }
      held += p.backtests.count { $0.isInside == true }
    }
    #expect(inside >= 32, "\(inside) of \(total)")
    #expect(Double(held) >= 0.8 * Double(tested), "\(held) of \(tested)")
  }

  /// Without finished runs there is a forecast of the training loss and no interval.
  @Test func alone() throws {
    var random = RandomSource(seed: 1)
    let law = AnnealingLaw(L0: 2.1, A: 0.9, alpha: 0.45, C: 0.6)
    let run = Self.run(law, steps: 800, noise: 0.01, momentum: 0.99, &random)
    let p = try #require(RunPrediction(run.curve.cut(at: 0.5), finished: [], level: 0.9))
    #expect(p.loss == nil && p.low == nil && p.backtests.isEmpty)
    // Half of a cosine with noise says little of its end by itself; that is why finished runs judge.
    #expect(abs(p.trainingLoss / run.end - 1) < 0.25)
    #expect(p.withinRun.count == 3)
    #expect(p.law != .latest)
  }

  @Test func readsMetrics() throws {
    let url = UserCommandTests.file("metrics.jsonl")
    defer { try? FileManager.default.removeItem(at: url) }
    try """
    {"step":2,"tokens":64,"train/loss":4.5,"train/lr":0.1,"check":"0"}
    {"step":4,"tokens":128,"train/loss":"nan","check":"0"}
    {"step":6,"tokens":192,"train/loss":4.25,"check":"0"}
    {"step":6,"tokens":192,"val/val/loss":4.2}
    {"step":8,"tok
    """.write(to: url, atomically: true, encoding: .utf8)
    let samples = RunCurve.samples(metrics: url)
    #expect(samples.map(\.step) == [2, 6] && samples.map(\.loss) == [4.5, 4.25])
    #expect(RunCurve.samples(metrics: URL(fileURLWithPath: "/nowhere")).isEmpty)
  }
}
