import Evaluation
import Experiment
import Foundation
import Testing

@Suite struct EvaluationLogTests {
  @Test func entriesAreOnlyAdded() throws {
    let folder = try TemporaryFolder()
    let log = EvaluationLog(runFolder: folder.url)
    func entry(step: Int) -> EvaluationEntry {
      EvaluationEntry(
        run: "a20", step: step, corpus: "toy", corpusFingerprint: "f",
        validation: [
          ValidationLoss(
            set: "val", inDistribution: true, loss: 2, low: 1.9, high: 2.1, bitsPerByte: 1.5,
            tokens: 64, bytes: 60, sequences: 1)
        ], tasks: [TaskSummary(TaskError(task: "wordOrder", wrong: 3, items: 10, chance: 0.5))])
    }
    try log.append(entry(step: 1))
    let first = try Data(contentsOf: log.url)
    try log.append(entry(step: 2))
    let both = try Data(contentsOf: log.url)
    #expect(both.prefix(first.count) == first)
    let lines = try log.entries()
    #expect(lines.map(\.step) == [1, 2])
    #expect(lines[1].tasks[0].error == 0.3)
  }
}
