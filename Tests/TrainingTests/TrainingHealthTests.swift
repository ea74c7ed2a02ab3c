import Experiment
import Foundation
import Testing
import Training

/// Spikes are seen, single ones are noted, lasting ones end the run; bad steps may be left out.
struct TrainingHealthTests {
  @Test func outliersAreSeenAndDoNotBecomeNormal() {
    var detector = OutlierDetector()
    for i in 0..<OutlierDetector.window {
      #expect(detector.z(100) == nil)
      detector.add(Double(i % 2), isFarOff: false)
    }
    #expect(detector.z(0.5) == 0)
    #expect(detector.z(5.5) == 10)
    #expect(detector.z(.nan) == .infinity)
    for i in 1...40 {
      detector.add(5.5, isFarOff: true)
      #expect(detector.streak == i && detector.z(5.5) == 10)
    }
    detector.add(1, isFarOff: false)
    #expect(detector.streak == 0)
  }

  /// A run whose weights are blown up after `spike` steps.
  func run(
    spike: Int, steps: Int = 260, change: @escaping (inout TrainingOptions) -> Void = { _ in }
  ) throws -> (Trainer, StepReport?) {
    let (config, tokens) = try TrainerTests.make(steps: steps, change: change)
    let trainer = Trainer(config, tokens: tokens)
    while trainer.step < steps {
      if trainer.step == spike {
        for parameter in trainer.model.layout.parameters where parameter.isMatrix {
          let values = trainer.weights.values(of: parameter).map { -40 * $0 }
          trainer.weights.set(parameter, values)
        }
      }
      let report = trainer.step(workers: 1)
      if report.diverged { return (trainer, report) }
    }
    return (trainer, nil)
  }

  @Test func aHealthyRunHasNoIncidents() throws {
    let (trainer, report) = try run(spike: -1)
    #expect(report == nil && trainer.health.incidents.isEmpty)
  }

  @Test func aSpikeIsRecordedWithItsStep() throws {
    let (trainer, report) = try run(spike: 200)
    let first = try #require(trainer.health.incidents.first)
    #expect(first.step == 201 && first.z > 6 && first.value > first.usual && !first.skipped)
    // Such weights do not recover in 32 steps: the run ends and says why.
    #expect(report?.failure?.contains("no better") == true, "\(trainer.health.incidents)")
    #expect(report?.step == 200 + TrainingHealth.patience)
  }

  @Test func badStepsAreLeftOut() throws {
    let (trainer, report) = try run(spike: 200) { $0.skipLossZ = 6 }
    #expect(report?.skipped == true)
    #expect(trainer.health.incidents.allSatisfy { $0.skipped })
  }

  @Test func skippingIsPartOfTheRun() throws {
    let (plain, _) = try TrainerTests.make()
    let (skipping, _) = try TrainerTests.make { $0.skipGradientZ = 8 }
    #expect(try plain.id != skipping.id)
    let json = String(decoding: try StableJSON.encode(plain), as: UTF8.self)
    #expect(!json.contains("skip"), "an option that is not used must not change ids")
  }
}
