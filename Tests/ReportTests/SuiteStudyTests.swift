import Experiment
import Foundation
import Report
import Testing

@Suite struct SuiteStudyTests {
  /// Twelve runs of falling loss: three tasks follow a law, one guesses, one only the dear learn.
  private func ladder(seed: UInt64 = 1) -> [SuiteStudy.Run] {
    var random = RandomSource(seed: seed)
    return (0..<12).map { i in
      let loss = 4.5 - 0.15 * Double(i)
      func task(_ name: String, _ error: Double, chance: Double = 0.5) -> TaskError {
        let noise = 0.004 * (random.uniform() - 0.5)
        return TaskError(
          task: name, wrong: Int(((error + noise) * 10_000).rounded()), items: 10_000,
          chance: chance)
      }
      return SuiteStudy.Run(
        label: "r\(i)", tokenMultiplier: Double(1 + i % 3), flops: pow(2, Double(i)), loss: loss,
        tasks: [
          task("steep", 0.6 - 4 * exp(-0.8 * loss)), task("flat", 0.5 - 2 * exp(-0.8 * loss)),
          task("other", 0.75 - 5 * exp(-0.8 * loss), chance: 0.75), task("guess", 0.5),
          task("late", i < 8 ? 0.5 : 0.2),
        ])
    }
  }

  @Test func averagesAreJudgedOnTheDearHalf() throws {
    let study = try SuiteStudy(ladder().reversed(), reference: nil, margin: 0.05)
    #expect(study.runs == (0..<12).map { "r\($0)" } && study.reference == "r5")
    #expect(study.averages.count == 3)
    let (all, above, nested) = (study.averages[0], study.averages[1], study.averages[2])
    #expect(all.tasks == ["steep", "flat", "other", "guess", "late"])
    // No dear run has a say: what only they learn is not chosen, and spoils the average over all.
    #expect(above.tasks == ["steep", "flat", "other"])
    #expect(above.spearman > 0.99 && above.span > 0.1)
    let miss = try #require(above.predicted) - above.actual
    #expect(abs(miss) < 0.005)
    #expect(abs(try #require(all.predicted) - all.actual) > 0.02)
    #expect(nested.tasks == above.tasks)
    let task = study.tasks[3]
    #expect(task.task == "guess" && task.items == 10_000 && task.chance == 0.5)
    #expect(abs(task.standardError - 0.005) < 1e-4)
    #expect(study.text.contains("all tasks") && study.text.contains("late"))
    #expect(study.svg.hasPrefix("<svg") && study.svg.contains("dear half"))
  }

  /// The nested selection is that of the cheap half alone, whatever the dear runs' errors are.
  @Test func dearRunsHaveNoSay() throws {
    let honest = try SuiteStudy(ladder(), reference: nil, margin: 0.05)
    let changed = ladder().enumerated().map { i, run in
      i < 6
        ? run
        : SuiteStudy.Run(
          label: "r\(i)", tokenMultiplier: 1, flops: pow(2, Double(i)),
          loss: 4.5 - 0.15 * Double(i),
          tasks: ["steep", "flat", "other", "guess", "late"].map {
            TaskError(task: $0, wrong: $0 == "guess" ? 100 : 6000, items: 10_000, chance: 0.5)
          })
    }
    let other = try SuiteStudy(changed, reference: nil, margin: 0.05)
    #expect(other.averages[2].tasks == honest.averages[2].tasks)
    #expect(other.averages[2].actual != honest.averages[2].actual)
  }

  @Test func referenceAndMarginCount() throws {
    let late = try SuiteStudy(ladder(), reference: "r9", margin: 0.05)
    #expect(late.averages[1].tasks.contains("late"))
    let strict = try SuiteStudy(ladder(), reference: "r9", margin: 0.35)
    #expect(strict.averages[1].tasks == ["other"])
  }

  @Test func badLaddersAreRefused() throws {
    #expect {
      try SuiteStudy(Array(ladder().prefix(5)), reference: nil, margin: 0.05)
    } throws: { ($0 as? UserError)?.kind == .badData }
    #expect {
      try SuiteStudy(ladder(), reference: "x9", margin: 0.05)
    } throws: { ($0 as? UserError)?.fix?.contains("r11") == true }
    var runs = ladder()
    runs[3] = SuiteStudy.Run(label: "odd", tokenMultiplier: 1, flops: 1, loss: 3, tasks: [])
    #expect {
      try SuiteStudy(runs, reference: nil, margin: 0.05)
    } throws: { ($0 as? UserError)?.kind == .badData }
  }
}
