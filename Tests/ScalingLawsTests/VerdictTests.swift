import Experiment
import Foundation
import ScalingLaws
import Testing

/// Verdicts on validation sets, and sensitivity to conventions.
struct VerdictTests {
  static let sizes = [1e7, 3e7, 8e7, 1.5e8, 4e8]
  static let ms = [10.0, 20, 80, 320]

  /// Runs with a loss on four sets: the own one; one that follows a law; one that bends up where runs
  /// get dearer; one that does not move.
  static func data() -> LawData {
    let own = OverTrainingLaw(E: 1.7, a: 210, b: 350, eta: 0.14)
    let near = OverTrainingLaw(E: 2.1, a: 180, b: 390, eta: 0.13)
    var random = RandomSource(seed: 4)
    var data = LawData(points: [], source: "synthetic")
    for n in sizes {
      for m in ms {
        let loss = own.loss(parameters: n, tokens: n * m)
        var point = LawPoint(
          run: "\(n)-\(m)", parameters: n, tokens: n * m, loss: loss, role: .fit)
        let far = Foundation.log(point.compute / 1e17)
        point.setLosses = [
          "own": loss,
          "near": near.loss(parameters: n, tokens: n * m) * exp(0.002 * random.normal()),
          "bent": 4 - 0.25 * far + 0.09 * max(0, far - 1) * max(0, far - 1),
          "still": 6 + 0.5 * random.normal(),
        ]
        point.otherCounts = [
          "total": n, "matmul": n - 2e6, "body": n - 4e6, "flops": 1.07 * n,
        ]
        data.points.append(point)
      }
    }
    var target = LawPoint(
      run: "big", parameters: 2e9, tokens: 4e10, loss: own.loss(parameters: 2e9, tokens: 4e10),
      role: .holdout)
    target.setLosses = ["own": target.loss ?? 0, "near": near.loss(parameters: 2e9, tokens: 4e10)]
    target.otherCounts = [
      "total": 2e9, "matmul": 2e9 - 2e6, "body": 2e9 - 4e6, "flops": 2.1e9,
    ]
    data.points.append(target)
    data.set = "own"
    return data
  }

  @Test func verdicts() throws {
    let found = SetVerdict.all(Self.data(), name: "synthetic")
    #expect(found.map(\.set) == ["own", "bent", "near", "still"])
    let verdict = Dictionary(uniqueKeysWithValues: found.map { ($0.set, $0) })
    #expect(verdict["own"]?.verdict == .reliable)
    #expect(verdict["near"]?.verdict == .reliable)
    #expect(verdict["bent"]?.verdict != .reliable, "\(verdict["bent"]?.reason ?? "")")
    #expect(verdict["still"]?.verdict == .unbelievable, "\(verdict["still"]?.reason ?? "")")
    #expect(verdict["own"]?.fromOwn == nil)
    let transfer = try #require(verdict["near"]?.fromOwn)
    #expect(transfer.rSquared > 0.99 && transfer.pairs == 20)
    // The big run has 20 times the compute of the dearest small one but one, and no loss on "still".
    let near = try #require(verdict["near"])
    let misses = try #require(near.within ?? near.beyond)
    #expect(misses.runs == 1 && misses.mean < 0.01 && misses.worst == misses.mean)
    #expect(abs(misses.farthest / (2e9 * 4e10 / (4e8 * 4e8 * 320)) - 1) < 1e-9)
    #expect((near.within == nil) == (misses.farthest > near.tested ?? 0))
    #expect(verdict["still"]?.within == nil && verdict["still"]?.beyond == nil)
    #expect(found.allSatisfy { !$0.reason.isEmpty && $0.training == "synthetic" })
  }

  /// Held-out runs have no part in a verdict.
  @Test func heldOutRunsDoNotJudge() {
    var data = Self.data()
    let before = SetVerdict.all(data, name: "a").map(\.reason)
    data.points[data.points.count - 1] = data.points[data.points.count - 1].with(loss: 9)
    data.points[data.points.count - 1].setLosses = ["own": 9, "near": 9, "bent": 9, "still": 1]
    #expect(SetVerdict.all(data, name: "a").map(\.reason) == before)
  }

  /// Two sets that are called alike, of which one turns away where no small run could show it.
  @Test func recordCountsMisses() throws {
    var data = Self.data()
    let big = data.points.count - 1
    let loss = try #require(data.points[big].setLosses?["near"])
    data.points[big].setLosses?["near"] = 1.2 * loss
    let found = SetVerdict.all(data, name: "synthetic")
    let reliable = try #require(VerdictRecord.all(found).first { $0.verdict == .reliable })
    let count = try #require(reliable.within ?? reliable.beyond)
    #expect(count.pairs == 2 && count.missed == 1)
    data.points.removeLast()
    #expect(VerdictRecord.all(SetVerdict.all(data, name: "a")).isEmpty)
  }

  /// Too few runs: not believed, with the reason.
  @Test func fewRuns() {
    var data = Self.data()
    data.points = Array(data.points.prefix(4))
    for verdict in SetVerdict.all(data, name: "few") {
      #expect(verdict.verdict == .unbelievable && verdict.reason.contains("no backtest"))
    }
  }

  @Test func sensitivity() throws {
    let fit = try Fit(Self.data(), options: FitOptions(.log))
    let found = fit.sensitivity
    #expect(
      found.rows.map(\.change) == [
        "as fitted", "N matmul", "N body", "exact FLOPs", "objective paper", "objective huber",
      ])
    #expect(found.rows[0].predictions == [fit.predictions[0].loss.predicted])
    #expect((found.rows[0].heldOut ?? 1) < 1e-6)
    // The points obey the law in N total, so other counts must miss.
    #expect((found.rows[2].heldOut ?? 0) > 1e-5)
    #expect((found.rows[2].residualSD ?? 0) > 1e-5)
    // Multiplying N by one number changes A alone.
    #expect((found.rows[3].exponent ?? 0) > 0.1)
    #expect((found.spread ?? 0) > 0)
    // Without other counts only the objectives are left.
    let plain = try Fit(GadreRuns.data(GadreRuns.c4), options: FitOptions(.paper)).sensitivity
    #expect(plain.rows.map(\.change) == ["as fitted", "objective log", "objective huber"])
    #expect(plain.spread == nil)
  }

  /// Other columns survive the way through a CSV file.
  @Test func csvRoundTrip() throws {
    let data = Self.data()
    let read = try LawData(csvText: data.csvText, name: "a.csv")
    #expect(read.set == "own")
    #expect(read.sets == ["bent", "near", "own", "still"])
    for (a, b) in zip(read.points, data.points) {
      #expect(a.setLosses == b.setLosses && a.otherCounts == b.otherCounts)
      #expect(a.loss == b.loss && a.role == b.role)
    }
    #expect(read.on(set: "near").points.first?.loss == data.points[0].setLosses?["near"])
    #expect(read.counting("body")?.points.first?.parameters == 1e7 - 4e6)
    #expect(read.counting("kilograms") == nil)
  }
}

/// The published runs: every training × validation pair, and a training set of another name.
@Suite(.enabled(if: GadreRuns.isPresent, "\(GadreRuns.absence)"))
struct PublishedSetTests {
  @Test(arguments: ["c4_original", "rpj"])
  func everyPairHasAVerdict(train: String) throws {
    let testbed = try GadreTestbed(GadreRuns.folder)
    let data = try testbed.data(trainingSet: train, lossSet: "c4_val", errors: .subset)
    let found = SetVerdict.all(data, name: train)
    #expect(found.count == 8)
    #expect(found.first?.set == "c4_val" && found.first?.fromOwn == nil)
    #expect(found.allSatisfy { $0.runs == 19 && $0.within != nil && $0.beyond != nil })
    // Loss on C4 says a lot of the loss on Paloma's C4.
    let twin = try #require(found.first { $0.set == "paloma_c4_en" }?.fromOwn)
    #expect(twin.rSquared > 0.999)
  }

  /// What `overtrain verdict --help` says of these runs: as far as the backtests went no pair that was
  /// called reliable was missed, and beyond, at 16 to 390 times the compute, one of nine.
  @Test func recordOfVerdicts() throws {
    let testbed = try GadreTestbed(GadreRuns.folder)
    let found = try RecommendedRuleTests.sets.flatMap { set in
      SetVerdict.all(
        try testbed.data(trainingSet: set, lossSet: "c4_val", errors: .subset), name: set)
    }
    let counts = VerdictRecord.all(found).map { record in
      [record.within, record.beyond].map { [$0?.missed ?? -1, $0?.pairs ?? -1] }
    }
    #expect(counts == [[[0, 9], [1, 9]], [[0, 5], [4, 5]], [[1, 2], [2, 2]]])
    // RedPajama on its own kind of text: the best backtest of all, and a step of 8 % between the last
    // run of the first batch and the first of the later one, at the same size.
    let missed = try #require(found.first { $0.training == "rpj" && $0.set == "paloma_redpajama" })
    #expect(missed.verdict == .reliable && missed.mean == found.compactMap(\.mean).min())
    let losses = try testbed.data(trainingSet: "rpj", lossSet: "paloma_redpajama", errors: .subset)
      .points.filter { (4e8...5e8).contains($0.parameters) }.sorted { $0.tokens < $1.tokens }
      .compactMap(\.loss)
    let falls = zip(losses, losses.dropFirst()).map { 1 - $1 / $0 }
    #expect(falls.last.map { $0 < 0.02 } == true && falls[falls.count - 2] > 0.09)
  }

  /// The commands know no training set by name: a copy of one under the third set's name gives the
  /// same numbers, beside the original.
  @Test func thirdTrainingSet() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "overtrain-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try RenamedTestbed.write("rpj", as: "rw_original", to: folder)
    let testbed = try GadreTestbed(folder)
    #expect(testbed.trainingSets == ["rpj", "rw_original"])
    for set in testbed.lossSets(trainingSet: "rw_original") {
      let pair = try ["rpj", "rw_original"].map {
        try testbed.data(trainingSet: $0, lossSet: set, errors: .subset)
      }
      #expect(pair[0].points.map(\.loss) == pair[1].points.map(\.loss))
      #expect(pair[0].points.map(\.error) == pair[1].points.map(\.error))
      #expect(pair[1].points.allSatisfy { $0.run.hasPrefix("rw_original-") })
    }
    let data = try testbed.data(trainingSet: "rw_original", lossSet: "c4_val", errors: .subset)
    let fit = try Fit(
      LawData(csvText: data.csvText, name: "rw_original.csv"), options: FitOptions(.paper))
    #expect(abs(fit.coefficient("eta") / 0.13642535 - 1) < 1e-7)
    #expect(abs((fit.predictions[1].loss.relativeError ?? 0) - 0.00710335) < 1e-7)
    #expect(SetVerdict.all(data, name: "rw_original").count == 8)
    #expect(!TaskGrade.all(data).isEmpty)
  }
}

/// A training set of the published testbed, copied under another name.
enum RenamedTestbed {
  /// Writes the runs of `set` twice, as they are and as those of `name`.
  static func write(_ set: String, as name: String, to folder: URL) throws {
    let manager = FileManager.default
    for part in ["models", "evals"] {
      let from = GadreRuns.folder.appendingPathComponent(part)
      let to = folder.appendingPathComponent(part)
      try manager.createDirectory(at: to, withIntermediateDirectories: true)
      for file in try manager.contentsOfDirectory(atPath: from.path) where file.contains("\(set)-")
      {
        let text = try String(contentsOf: from.appendingPathComponent(file), encoding: .utf8)
        try text.write(
          to: to.appendingPathComponent(file), atomically: true, encoding: .utf8)
        try text.replacingOccurrences(of: "\"\(set)\"", with: "\"\(name)\"")
          .replacingOccurrences(of: "\"\(set)-", with: "\"\(name)-")
          .write(
            to: to.appendingPathComponent(
              file.replacingOccurrences(of: "\(set)-", with: "\(name)-")),
            atomically: true, encoding: .utf8)
      }
    }
    try manager.copyItem(
      at: GadreRuns.folder.appendingPathComponent("eval_metadata.csv"),
      to: folder.appendingPathComponent("eval_metadata.csv"))
  }
}
