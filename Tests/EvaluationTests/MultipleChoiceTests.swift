import Evaluation
import Experiment
import Foundation
import Kernels
import Model
import Testing

@Suite struct MultipleChoiceTests {
  private typealias Choice = MultipleChoiceTask.Choice
  private typealias Item = MultipleChoiceTask.Item

  private func score(
    _ task: MultipleChoiceTask, _ model: any LanguageModel, _ weights: ParameterBuffer,
    batchTokens: Int = 1024, workers: Int = 1
  ) throws -> TaskResult {
    try task.score(model, weights, endOfText: 0, batchTokens: batchTokens, workers: workers)
  }

  /// Token t costs t nats: the choice with the smaller sum wins.
  @Test func handSetProbabilitiesGiveTheKnownError() throws {
    let model = try StubModel(contextLength: 8) { _, target in Float(target) }
    let context: [Int32] = [9, 9]
    func item(_ id: String, _ answers: [[Int32]], correct: Int) -> Item {
      Item(
        id: id, choices: answers.map { Choice(context: context, answer: $0, answerBytes: 1) },
        correct: correct)
    }
    let task = MultipleChoiceTask(
      name: "known", rule: .sum,
      items: [
        item("right", [[5, 5], [1, 2]], correct: 1),
        item("wrong", [[5, 5], [1, 2]], correct: 0),
        item("tie goes to the first", [[2, 1], [1, 2]], correct: 0),
        item("tie lost", [[2, 1], [1, 2]], correct: 1),
        item("four", [[7], [6], [1, 1, 1], [4]], correct: 2),
      ])
    let result = try score(task, model, model.weights)
    #expect(result.items.map(\.predicted) == [1, 1, 0, 0, 2])
    #expect(result.items[4].logProbabilities == [-7, -6, -3, -4])
    #expect(result.error.error == 2.0 / 5)
    #expect(result.error.items == 5)
    #expect(abs(result.error.chance - (4 * 0.5 + 0.75) / 5) < 1e-12)
  }

  /// Sums favour the short answer, means the long one, bytes the one with long tokens.
  @Test func ruleIsPartOfTheTask() throws {
    let model = try StubModel(contextLength: 8) { _, target in Float(target) }
    let choices = [
      Choice(context: [1], answer: [4], answerBytes: 2),
      Choice(context: [1], answer: [3, 2], answerBytes: 2),
      Choice(context: [1], answer: [6], answerBytes: 12),
    ]
    for (rule, expected) in [(ScoringRule.sum, 0), (.perToken, 1), (.perByte, 2)] {
      let task = MultipleChoiceTask(
        name: "rule", rule: rule, items: [Item(id: "0", choices: choices, correct: 0)])
      #expect(try score(task, model, model.weights).items[0].predicted == expected)
    }
  }

  /// An exact answer has no chance, and is right only if each of its tokens is the likeliest.
  @Test func exactAnswersNeedEveryToken() throws {
    var model = try StubModel(contextLength: 8) { _, target in Float(target) }
    model.likeliestBelow = 3
    let task = MultipleChoiceTask(
      name: "exact", rule: .exact,
      items: [[1, 2], [1, 5], [2]].enumerated().map { i, answer in
        Item(
          id: "\(i)", choices: [Choice(context: [7], answer: answer, answerBytes: 1)], correct: 0)
      })
    let result = try score(task, model, model.weights)
    #expect(result.items.map(\.predicted) == [0, -1, 0])
    #expect(result.error.error == 1.0 / 3 && result.error.chance == 1)
  }

  /// The answer alone is scored, after the whole context, or after end-of-text without one.
  @Test func scoresTheAnswerAfterItsContext() throws {
    let model = try StubModel(contextLength: 8) { previous, target in
      Float(previous.reduce(0, +)) * 100 + Float(target)
    }
    let choices = [
      Choice(context: [1, 2], answer: [3, 4], answerBytes: 2),
      Choice(context: [], answer: [5], answerBytes: 1),
    ]
    let task = MultipleChoiceTask(
      name: "context", rule: .sum, items: [Item(id: "0", choices: choices, correct: 0)])
    let scores = try score(task, model, model.weights).items[0].logProbabilities
    #expect(scores == [-(303 + 604), -5])
  }

  /// Any batch size, any number of workers: the same log-probabilities, bit for bit, as each choice
  /// has alone, without a stem that it shares.
  @Test func batchSizeSharedStemsAndWorkersDoNotMatter() throws {
    var random = RandomSource(seed: 11)
    func tokens(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32(random.integer(below: 256)) }
    }
    let items = (0..<40).map { i in
      let context = tokens(1 + random.integer(below: 20))
      let choices = (0..<4).map { _ in
        Choice(context: context, answer: tokens(1 + random.integer(below: 12)), answerBytes: 1)
      }
      return Item(id: "\(i)", choices: choices, correct: i % 4)
    }
    let task = MultipleChoiceTask(name: "random", rule: .perToken, items: items)
    let model = try tinyConfig(contextLength: 32).build()
    let weights = ParameterBuffer(model.layout)
    model.initialize(weights, seed: 3)
    let alone = try score(task, model, weights, batchTokens: 1)
    for batchTokens in [8 * 32, 4096] {
      let together = try score(task, model, weights, batchTokens: batchTokens)
      #expect(together.items == alone.items)
      #expect(
        try score(task, model, weights, batchTokens: batchTokens, workers: 3).items == alone.items)
    }
    for (item, score) in zip(items, alone.items) {
      for (choice, logProbability) in zip(item.choices, score.logProbabilities) {
        let single = MultipleChoiceTask(
          name: "single", rule: .perToken, items: [Item(id: "0", choices: [choice], correct: 0)])
        #expect(
          try self.score(single, model, weights).items[0].logProbabilities == [logProbability])
      }
    }
  }

  @Test func itemsAreStoredOnePerLine() throws {
    let folder = try TemporaryFolder()
    let model = try StubModel(contextLength: 8) { _, target in Float(target) }
    let task = MultipleChoiceTask(
      name: "stored", rule: .sum,
      items: (0..<3).map { i in
        Item(
          id: "stored-\(i)",
          choices: [1, 2].map { Choice(context: [0], answer: [$0, 7], answerBytes: 2) },
          correct: i % 2)
      })
    let result = try score(task, model, model.weights)
    try result.write(to: folder.url.appendingPathComponent("eval"))
    let file = folder.url.appendingPathComponent("eval/stored.jsonl")
    let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
    let read = try lines.map { try JSONDecoder().decode(ItemScore.self, from: $0) }
    #expect(read == result.items && read.count == 3)
    #expect(read[1].correct == 1 && read[1].predicted == 0 && read[1].bytes == [2, 2])
  }

  @Test func stopsWhenAsked() throws {
    let model = try StubModel(contextLength: 8) { _, _ in 1 }
    let task = MultipleChoiceTask(
      name: "x", rule: .sum,
      items: [
        Item(id: "0", choices: [Choice(context: [1], answer: [2], answerBytes: 1)], correct: 0)
      ])
    #expect {
      try task.score(model, model.weights, endOfText: 0, shouldStop: { true })
    } throws: { ($0 as? UserError)?.kind == .interrupted }
  }
}
