import Experiment
import Foundation
import ScalingLaws
import Testing

/// How many tasks, and which, make an average that can be predicted.
struct TaskAverageTests {
  /// Ten tasks of 200 items that follow sigmoids, three that are noise about chance, two that jump once
  /// the loss is low.
  static func data(jumpy: Int = 2) -> LawData {
    var random = RandomSource(seed: 11)
    var data = RecoveryTests.data(OverTrainingLaw(E: 1.7, a: 210, b: 350, eta: 0.14))
    var chances: [String: Double] = [:]
    for i in 0..<10 { chances["good\(i)"] = 0.75 }
    for i in 0..<3 { chances["noise\(i)"] = 0.5 }
    for i in 0..<jumpy { chances["jumpy\(i)"] = 0.75 }
    data.taskChances = chances
    let losses = data.points.compactMap(\.loss).sorted()
    data.points = data.points.map { point in
      var copy = point
      let loss = point.loss ?? 0
      var errors: [String: Double] = [:]
      for i in 0..<10 {
        errors["good\(i)"] =
          0.75 - 0.6 / (1 + exp((1.4 + 0.1 * Double(i)) * (loss - 3.1))) + 0.03 * random.normal()
      }
      for i in 0..<3 { errors["noise\(i)"] = 0.5 + 0.03 * random.normal() }
      for i in 0..<jumpy {
        errors["jumpy\(i)"] = (loss <= losses[4] ? 0.35 : 0.74) + 0.02 * random.normal()
      }
      copy.taskErrors = errors.mapValues { min(1, max(0, $0)) }
      return copy
    }
    return data
  }

  @Test func moreTasksAverageBetter() throws {
    let found = try TaskAverages(Self.data(jumpy: 0), fit: nil)
    let first = try #require(found.byCount.first)
    let many = try #require(found.byCount.last { $0.tasks == 8 })
    #expect(first.tasks == 1)
    #expect(many.median < first.median)
    #expect(many.range.upperBound < first.range.upperBound)
    #expect(found.byThreshold.first?.tasks.count == 13)
    let counts = found.byThreshold.map(\.tasks.count)
    #expect(counts == counts.sorted(by: >))
    #expect(found.byThreshold.allSatisfy { $0.heldOut == nil })
  }

  /// The choice never sees the last third, so tasks that jump there may be in it; noise is not.
  @Test func nestedChoice() throws {
    let data = Self.data()
    let chosen = try #require(try TaskAverages(data, fit: nil).chosen)
    #expect(!chosen.tasks.contains { $0.hasPrefix("noise") }, "\(chosen.tasks)")
    #expect(chosen.tasks.count { $0.hasPrefix("good") } >= 3)
    #expect((chosen.backtest ?? 1) < chosen.constant)
    // Changing the last third does not change the choice.
    var other = data
    let cut = data.points.compactMap(\.loss).sorted()[4]
    other.points = data.points.map { point in
      guard (point.loss ?? 0) <= cut else { return point }
      var copy = point
      copy.taskErrors = point.taskErrors?.mapValues { _ in 0.5 }
      return copy
    }
    #expect(try TaskAverages(other, fit: nil).chosen?.tasks == chosen.tasks)
  }

  @Test func refusesFewRuns() throws {
    var data = Self.data()
    data.points = Array(data.points.prefix(8))
    let error = #expect(throws: UserError.self) { try TaskAverages(data, fit: nil) }
    #expect(error?.fix != nil)
  }

  @Test(.enabled(if: GadreRuns.isPresent, "\(GadreRuns.absence)"))
  func publishedTasks() throws {
    let data = try GadreTestbed(GadreRuns.folder)
      .data(trainingSet: "rpj", lossSet: "c4_val", errors: .all)
    let found = try TaskAverages(data, fit: Fit(data, options: FitOptions(.paper)))
    #expect(found.byThreshold.first?.tasks.count == 46)
    #expect(found.byThreshold.allSatisfy { $0.heldOut != nil })
    let (one, many) = (try #require(found.byCount.first), try #require(found.byCount.last))
    #expect(many.median < one.median)
  }
}
