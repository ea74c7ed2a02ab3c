import Experiment
import Foundation

/// A question of a task file, as text.
struct TaskQuestion: Equatable, Sendable {
  /// What comes before the answers: one for all, or one for each (a schema).
  let contexts: [String]
  /// What is chosen from, or what follows every context of a schema, or what is to be completed.
  let answers: [String]
  /// The right choice.
  let correct: Int

  var choices: Int { max(contexts.count, answers.count) }
  func context(_ choice: Int) -> String { contexts[contexts.count == 1 ? 0 : choice] }
  func answer(_ choice: Int) -> String { answers[answers.count == 1 ? 0 : choice] }
}

/// The kinds of questions that task files without a description hold, told apart by their keys.
enum TaskFileFormat: Sendable {
  /// LLM-Foundry: `{"query", "choices", "gold"}`
  case multipleChoice
  /// LLM-Foundry: `{"context_options", "continuation", "gold"}`
  case schema
  /// LLM-Foundry: `{"context", "continuation"}`
  case languageModeling
  /// LLM-Foundry: `{"context", "answer"}`, answered freely there; here as `languageModeling`.
  case generation
  /// BLiMP: `{"good", "bad"}` or `{"sentence_good", "sentence_bad"}`
  case minimalPair

  init(_ record: TaskRecord) throws(UserError) {
    let has = record.has
    if has("context_options") {
      self = .schema
    } else if has("good") || has("sentence_good") || has("bad") || has("sentence_bad") {
      self = .minimalPair
    } else if has("query") || has("choices") {
      self = .multipleChoice
    } else if has("continuation") {
      self = .languageModeling
    } else if has("context"), has("answer") {
      self = .generation
    } else {
      throw record.error(
        "no known kind of question: it has the keys \(record.keys)",
        fix: "name the fields in a YAML file beside it (see README), or use query, choices, gold")
    }
  }

  /// How answers are compared: LLM-Foundry by the mean over tokens, BLiMP by the whole sentence.
  var rule: ScoringRule {
    switch self {
    case .multipleChoice, .schema: .perToken
    case .languageModeling, .generation: .exact
    case .minimalPair: .sum
    }
  }

  func question(_ record: TaskRecord) throws(UserError) -> TaskQuestion {
    switch self {
    case .multipleChoice:
      let choices = try record.texts("choices")
      return TaskQuestion(
        contexts: [try record.text("query")], answers: choices,
        correct: try record.index("gold", below: choices.count))
    case .schema:
      let contexts = try record.texts("context_options")
      return TaskQuestion(
        contexts: contexts, answers: [try record.text("continuation")],
        correct: try record.index("gold", below: contexts.count))
    case .languageModeling, .generation:
      let answer = try record.text(self == .generation ? "answer" : "continuation")
      return TaskQuestion(contexts: [try record.text("context")], answers: [answer], correct: 0)
    case .minimalPair:
      let prefix = record.has("sentence_good") || record.has("sentence_bad") ? "sentence_" : ""
      return TaskQuestion(
        contexts: [""],
        answers: [try record.text(prefix + "good"), try record.text(prefix + "bad")],
        correct: 0)
    }
  }
}

/// A line of a task file.
struct TaskRecord {
  private let values: [String: Any]
  /// File and line, for errors.
  let place: String

  init(_ line: Data, place: String) throws(UserError) {
    self.place = place
    guard let values = (try? JSONSerialization.jsonObject(with: line)) as? [String: Any] else {
      throw UserError(
        .badData, "not a JSON object", at: place,
        fix: "each line must be one object, such as {\"query\": …, \"choices\": […], \"gold\": 0}")
    }
    self.values = values
  }

  var keys: String { values.keys.sorted().joined(separator: ", ") }
  func has(_ key: String) -> Bool { values[key] != nil }

  func error(_ what: String, fix: String) -> UserError {
    UserError(.badData, what, at: place, fix: fix)
  }

  /// What is at a path such as `choices.text`.
  func value(_ path: String) throws(UserError) -> Any {
    var found: Any = values
    for key in path.split(separator: ".") {
      guard let next = (found as? [String: Any])?[String(key)] else {
        throw error("no field \"\(path)\"", fix: "it has \(keys)")
      }
      found = next
    }
    return found
  }

  /// A text, without the blanks around it unless it is to be as it is.
  func text(_ path: String, asItIs: Bool = false) throws(UserError) -> String {
    guard let text = Self.text(try value(path), asItIs) else {
      throw error("field \"\(path)\" is not a text", fix: "give a text")
    }
    return text
  }

  /// A list of texts, at least two.
  func texts(_ path: String, asTheyAre: Bool = false) throws(UserError) -> [String] {
    let values = try value(path) as? [Any]
    let texts = (values ?? []).compactMap { Self.text($0, asTheyAre) }
    guard let values, texts.count == values.count, texts.count >= 2 else {
      throw error("field \"\(path)\" is not a list of two texts or more", fix: "give such a list")
    }
    return texts
  }

  /// The index of a choice.
  func index(_ path: String, below count: Int) throws(UserError) -> Int {
    guard let index = try value(path) as? Int else {
      throw error("field \"\(path)\" is not a whole number", fix: "give the index of the answer")
    }
    guard (0..<count).contains(index) else {
      throw error(
        "answer index \(index) is out of range: there are \(count) choices",
        fix: "indices count from 0")
    }
    return index
  }

  private static func text(_ value: Any, _ asItIs: Bool) -> String? {
    let text = value as? String ?? (value as? NSNumber).map { "\($0)" }
    return asItIs ? text : text?.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
