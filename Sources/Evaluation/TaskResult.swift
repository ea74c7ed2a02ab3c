import Experiment
import Foundation

/// What a model made of one item.
public struct ItemScore: Codable, Sendable, Equatable {
  /// The item's id.
  public let item: String
  /// log p(answer | context) of each choice, in nats, summed over the answer's tokens.
  public let logProbabilities: [Double]
  /// Tokens of each answer.
  public let tokens: [Int]
  /// UTF-8 bytes of each answer.
  public let bytes: [Int]
  /// The right choice.
  public let correct: Int
  /// The choice that scores best; the first of equals.
  public let predicted: Int

  /// The score of `item` under `rule`.
  public init(
    _ item: MultipleChoiceTask.Item, rule: ScoringRule, logProbabilities: [Double]
  ) {
    self.item = item.id
    self.logProbabilities = logProbabilities
    tokens = item.choices.map(\.answer.count)
    bytes = item.choices.map(\.answerBytes)
    correct = item.correct
    var best = (choice: 0, score: -Double.infinity)
    for (choice, logProbability) in logProbabilities.enumerated() {
      let length =
        switch rule {
        case .sum: 1
        case .perToken: tokens[choice]
        case .perByte: max(1, bytes[choice])
        }
      let score = logProbability / Double(length)
      if score > best.score { best = (choice, score) }
    }
    predicted = best.choice
  }
}

/// A model's answers to a task.
public struct TaskResult: Sendable {
  /// Name of the task.
  public let task: String
  /// The error of a uniform guess.
  public let chance: Double
  /// What the model made of each item, in the task's order.
  public let items: [ItemScore]

  /// All fields, in order.
  public init(task: String, chance: Double, items: [ItemScore]) {
    self.task = task
    self.chance = chance
    self.items = items
  }

  /// Top-1 error.
  public var error: TaskError {
    TaskError(
      task: task, wrong: items.count { $0.predicted != $0.correct }, items: items.count,
      chance: chance)
  }

  /// Writes one line per item to `<folder>/<task>.jsonl`, durably.
  public func write(to folder: URL) throws(UserError) {
    let url = folder.appendingPathComponent("\(task).jsonl")
    var lines = Data()
    do {
      for item in items {
        lines.append(try StableJSON.encode(item, pretty: false))
        lines.append(UInt8(ascii: "\n"))
      }
    } catch {
      throw UserError(.failure, "cannot encode: \(error)", at: url.path)
    }
    try DurableFile.write(lines, to: url)
  }
}
