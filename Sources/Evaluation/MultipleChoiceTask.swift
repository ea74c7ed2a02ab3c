import Experiment

/// How the log-probability of a choice's answer becomes its score.
public enum ScoringRule: String, Codable, Sendable {
  /// log p(answer | context)
  case sum
  /// log p(answer | context) / tokens of the answer
  case perToken
  /// log p(answer | context) / bytes of the answer
  case perByte
  /// log p(answer | context) / Unicode scalars of the answer
  case perCharacter
  /// right only if each token of the answer is the likeliest where it stands
  case exact

  /// The rules that compare choices.
  public static let comparing: [ScoringRule] = [.sum, .perToken, .perByte]
}

/// A task of items that are answered by the likeliest of several choices.
///
/// The choices of an item may share their context and differ in the answer, or share the answer and
/// differ in the context (a schema): then the same tokens are scored, after different words.
public struct MultipleChoiceTask: Sendable {
  /// A context and the answer that is scored after it.
  public struct Choice: Hashable, Sendable {
    /// Tokens before the answer; an empty context is the end of another text.
    public let context: [Int32]
    /// The tokens that are scored.
    public let answer: [Int32]
    /// UTF-8 bytes of the answer.
    public let answerBytes: Int
    /// Unicode scalars of the answer.
    public let answerCharacters: Int

    /// All fields, in order; as many characters as bytes if not given.
    public init(
      context: [Int32], answer: [Int32], answerBytes: Int, answerCharacters: Int? = nil
    ) {
      precondition(!answer.isEmpty, "a choice of zero tokens cannot be scored")
      self.context = context
      self.answer = answer
      self.answerBytes = answerBytes
      self.answerCharacters = answerCharacters ?? answerBytes
    }
  }

  /// A question: its choices and which one is right.
  public struct Item: Hashable, Sendable {
    /// Unique in the task.
    public let id: String
    /// What is chosen from.
    public let choices: [Choice]
    /// Index of the right choice.
    public let correct: Int

    /// All fields, in order.
    public init(id: String, choices: [Choice], correct: Int) {
      precondition(choices.indices.contains(correct), "no choice \(correct) in item \(id)")
      self.id = id
      self.choices = choices
      self.correct = correct
    }
  }

  /// Its name in configs and records.
  public let name: String
  /// How choices are compared.
  public let rule: ScoringRule
  /// The questions.
  public let items: [Item]

  /// All fields, in order.
  public init(name: String, rule: ScoringRule, items: [Item]) {
    self.name = name
    self.rule = rule
    self.items = items
  }

  /// The error of a uniform guess.
  public var chance: Double {
    guard rule != .exact else { return 1 }
    let right = items.reduce(0.0) { $0 + 1 / Double($1.choices.count) }
    return 1 - right / Double(max(1, items.count))
  }
}
