import Experiment
import Foundation
import ScalingLaws
import Testing

/// Error laws beside the paper's, and the rule that chooses between them.
struct ErrorModelTests {
  static let losses = [5.2, 4.5, 3.8, 3.4, 3.0, 2.8, 2.65, 2.5, 2.4]

  @Test(arguments: [(0.75, 0.2, 3.0, 2.6), (1.0, 0.0, 2.0, 2.9), (0.5, 0.1, 5.0, 3.1)])
  func sigmoidIsRecovered(ceiling: Double, floor: Double, rate: Double, midpoint: Double) {
    let errors = Self.losses.map { ceiling - (ceiling - floor) / (1 + exp(rate * ($0 - midpoint))) }
    let law = SigmoidErrorLaw(losses: Self.losses, errors: errors)
    for (loss, error) in zip(Self.losses, errors) {
      #expect(abs(law.error(atLoss: loss) - error) < 1e-4)
    }
    #expect(abs(law.rate / rate - 1) < 0.02)
    #expect(abs(law.midpoint - midpoint) < 0.02)
  }

  /// A task at chance stays there: no error above 1, none below 0.
  @Test func sigmoidStaysInside() {
    let errors = [1.0, 0.99, 1.0, 1.0, 0.98, 1.0, 0.97, 1, 1]
    let law = SigmoidErrorLaw(losses: Self.losses, errors: errors)
    for loss in stride(from: 0.5, through: 8, by: 0.5) {
      #expect((0...1).contains(law.error(atLoss: loss)))
    }
  }

  static func data(_ rows: [(Double, Double, Double, Double)]) -> LawData {
    var data = GadreRuns.data(rows)
    data.chance = 0.86
    return data
  }

  @Test func pinnedStartsAtChance() throws {
    var options = FitOptions(.log, draws: 50)
    options.errorRule = .pinned
    let law = ErrorLaw(epsilon: 0.86, k: 2.2, gamma: 0.71)
    var data = Self.data(GadreRuns.c4)
    data.points = data.points.map {
      LawPoint(
        run: $0.run, parameters: $0.parameters, tokens: $0.tokens, loss: $0.loss,
        error: $0.loss.map { law.error(atLoss: $0) }, role: $0.role, errorRole: $0.errorRole)
    }
    let fit = try Fit(data, options: options)
    for wanted in law.coefficients {
      #expect(abs(fit.coefficient(wanted.name) / wanted.value - 1) < 1e-6, "\(wanted.name)")
    }
    data.chance = nil
    let error = #expect(throws: UserError.self) { try Fit(data, options: options) }
    #expect(error?.what.contains("chance") == true)
  }

  @Test func tasksNeedTheirErrors() throws {
    var options = FitOptions(.log)
    options.errorRule = .tasks
    let error = #expect(throws: UserError.self) {
      try Fit(GadreRuns.data(GadreRuns.c4), options: options)
    }
    #expect(error?.what.contains("per task") == true)
  }

  /// The rule on the large targets of the two sets that are here, through the recommended loss law.
  /// Tasks that have all left chance: 3.0 % on average (the notes' sigmoids: 2.49 over three sets;
  /// the free exponential 3.9 here). All 46, of which most sit at chance: 1.52 % (1.64; 2.4).
  @Test(
    .enabled(if: GadreRuns.isPresent, "\(GadreRuns.absence)"),
    arguments: [
      (GadreTestbed.ErrorMean.subset, ErrorRule.tasks, 3.01), (.all, .pinned, 1.52),
    ])
  func recommendedRule(mean: GadreTestbed.ErrorMean, rule: ErrorRule, percent: Double) throws {
    let errors = try RecommendedRuleTests.sets.flatMap { set -> [Double] in
      let data = try GadreTestbed(GadreRuns.folder)
        .data(trainingSet: set, lossSet: "c4_val", errors: mean)
        .selecting(upTo: 2.04e19, tokenMultiplier: 10)
      #expect(ErrorRule.recommended(data) == rule)
      var options = FitOptions(.huber)
      options.errorRule = rule
      return try Fit(data, options: options).predictions.compactMap(\.error?.relativeError)
    }
    #expect(errors.count == 4)
    #expect(abs(100 * errors.reduce(0, +) / 4 - percent) < 0.02)
  }

  /// Errors and chance levels by task survive a CSV file.
  @Test(.enabled(if: GadreRuns.isPresent, "\(GadreRuns.absence)"))
  func tasksInCSV() throws {
    let data = try GadreTestbed(GadreRuns.folder)
      .data(trainingSet: "rpj", lossSet: "c4_val", errors: .subset)
    let read = try LawData(csvText: data.csvText, name: "rpj.csv")
    #expect(read.taskChances == data.taskChances)
    #expect(read.points.map(\.taskErrors) == data.points.map(\.taskErrors))
    #expect(data.points[0].taskErrors?.count == 17)
    let bad = #expect(throws: UserError.self) {
      try LawData(csvText: "N,D,loss,error/arc\n1e7,2e8,4,55", name: "x.csv")
    }
    #expect(bad?.what.contains("error/arc is 55") == true)
  }

  /// κ: a law that holds is trusted as it is, one that bends where it was not fitted is widened.
  @Test func inflationSeesMisspecification() throws {
    var random = RandomSource(seed: 3)
    func fit(bend: Double) throws -> Fit {
      let truth = OverTrainingLaw(E: 1.84, a: 212, b: 367, eta: 0.1364)
      let points = CoverageTests.design(12).enumerated().map { i, cell in
        let (n, d) = (cell.0, cell.0 * cell.1)
        let far = 6 * n * d > 1e19 ? 1.0 : 0
        return LawPoint(
          run: "\(i)", parameters: n, tokens: d,
          loss: truth.loss(parameters: n, tokens: d)
            * exp(0.003 * random.normal() + bend * far), role: .fit)
      }
      return try Fit(LawData(points: points, source: "made"), options: FitOptions(.log))
    }
    let (straight, bent) = (try fit(bend: 0), try fit(bend: 0.05))
    #expect(straight.inflation.factor < 2)
    #expect(bent.inflation.factor > 1.5 * straight.inflation.factor)
    #expect(bent.inflation.comparisons > 0)
    #expect(bent.warnings.contains { $0.contains("widened by κ") })
    #expect(try Fit(GadreRuns.data(GadreRuns.c4)).inflation.comparisons == 0)
  }
}
