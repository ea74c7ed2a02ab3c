import Experiment
import Foundation

/// What a model made of one choice.
public struct ChoiceScore: Sendable, Equatable {
  /// log p(answer | context) in nats, summed over the answer's tokens.
  public let logProbability: Double
  /// Whether each token of the answer is the likeliest where it stands.
  public let isLikeliest: Bool

  /// All fields, in order.
  public init(logProbability: Double, isLikeliest: Bool) {
    self.logProbability = logProbability
    self.isLikeliest = isLikeliest
  }
}

/// What a model made of one item.
public struct ItemScore: Codable, Sendable, Equatable {
  /// The item's id.
  public let item: String
  /// log p(answer | context) of each choice, in nats, summed over the answer's tokens.
  public let logProbabilities: [Double]
  /// Whether each token of a choice's answer is the likeliest where it stands.
  public let likeliest: [Bool]
  /// Tokens of each answer.
  public let tokens: [Int]
  /// UTF-8 bytes of each answer.
  public let bytes: [Int]
  /// The right choice.
  public let correct: Int
  /// The choice that scores best under the task's rule; the first of equals, −1 for none.
  public let predicted: Int

  /// The scores of `item`, whose best choice is `rule`'s.
  public init(_ item: MultipleChoiceTask.Item, rule: ScoringRule, _ choices: [ChoiceScore]) {
    self.item = item.id
    logProbabilities = choices.map(\.logProbability)
    likeliest = choices.map(\.isLikeliest)
    tokens = item.choices.map(\.answer.count)
    bytes = item.choices.map(\.answerBytes)
    correct = item.correct
    predicted = Self.best(
      rule, logProbabilities, likeliest,
      lengths: rule == .perCharacter
        ? item.choices.map(\.answerCharacters) : rule == .perByte ? bytes : tokens)
  }

  /// The best choice under `rule`, whatever the task's own: by sum, per token or per byte.
  public func predicted(by rule: ScoringRule) -> Int {
    precondition(ScoringRule.comparing.contains(rule), "a rule that needs more than is stored")
    return Self.best(
      rule, logProbabilities, likeliest, lengths: rule == .perByte ? bytes : tokens)
  }

  private static func best(
    _ rule: ScoringRule, _ logProbabilities: [Double], _ likeliest: [Bool], lengths: [Int]
  ) -> Int {
    var best = (choice: -1, score: -Double.infinity)
    for (choice, logProbability) in logProbabilities.enumerated() {
      let score =
        switch rule {
        case .sum: logProbability
        case .perToken, .perByte, .perCharacter: logProbability / Double(max(1, lengths[choice]))
        case .exact: likeliest[choice] ? 0 : -Double.infinity
        }
      if score > best.score { best = (choice, score) }
    }
    return best.choice
  }
}

/// A model's answers to a task.
public struct TaskResult: Sendable {
  /// Name of the task.
  public let task: String
  /// How choices are compared.
  public let rule: ScoringRule
  /// The error of a uniform guess.
  public let chance: Double
  /// What the model made of each item, in the task's order.
  public let items: [ItemScore]

  /// All fields, in order.
  public init(task: String, rule: ScoringRule, chance: Double, items: [ItemScore]) {
    self.task = task
    self.rule = rule
    self.chance = chance
    self.items = items
  }

  /// Top-1 error.
  public var error: TaskError {
    TaskError(
      task: task, wrong: items.count { $0.predicted != $0.correct }, items: items.count,
      chance: chance)
  }

  /// Top-1 error under `rule`, whatever the task's own.
  public func error(by rule: ScoringRule) -> Double {
    Double(items.count { $0.predicted(by: rule) != $0.correct }) / Double(max(1, items.count))
  }

  /// The line of a table.
  ///
  /// - Parameter truncated: items that lost the beginning of their context
  public func summary(truncated: Int? = nil) -> TaskSummary {
    TaskSummary(
      error, rule: rule,
      errorByRule: Dictionary(
        uniqueKeysWithValues: ScoringRule.comparing.map { ($0.rawValue, error(by: $0)) }),
      truncated: truncated)
  }

  /// Writes one line per item to `<folder>/<task>.jsonl`, durably.
  public func write(to folder: URL) throws(UserError) {
    let url = folder.appendingPathComponent("\(task).jsonl")
    try DurableFile.write(try lines(for: url), to: url)
  }

  /// Writes one line per item to `<folder>/<task>.jsonl`, or to `<task>.2.jsonl`, `.3`, … where files
  /// with other contents are.
  public func add(to folder: URL) throws(UserError) {
    var url = folder.appendingPathComponent("\(task).jsonl")
    let lines = try lines(for: url)
    var number = 1
    while let found = try? Data(contentsOf: url) {
      if found == lines { return }
      number += 1
      url = folder.appendingPathComponent("\(task).\(number).jsonl")
    }
    try DurableFile.write(lines, to: url)
  }

  private func lines(for url: URL) throws(UserError) -> Data {
    var lines = Data()
    do {
      for item in items {
        lines.append(try StableJSON.encode(item, pretty: false))
        lines.append(UInt8(ascii: "\n"))
      }
    } catch {
      throw UserError(.failure, "cannot encode: \(error)", at: url.path)
    }
    return lines
  }
}
