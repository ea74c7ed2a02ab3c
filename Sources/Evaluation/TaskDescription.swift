import Experiment
import Foundation

/// A task file's fields as a small YAML file beside it names them, with the keys of
/// lm-evaluation-harness. A text is the name of a field, or a template such as
/// `"Question: {{question}}\nAnswer:"`; `{{choices.text}}` goes into nested objects.
public struct TaskDescription: Codable, Sendable {
  /// A field with the list of choices, or the choices themselves.
  public enum Choices: Codable, Sendable {
    case field(String)
    case texts([String])

    /// Decodes a text or a list of texts.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let texts = try? container.decode([String].self) {
        self = .texts(texts)
      } else {
        self = .field(try container.decode(String.self))
      }
    }

    /// Encodes as a text or a list of texts.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .field(let field): try container.encode(field)
      case .texts(let texts): try container.encode(texts)
      }
    }
  }

  /// How choices are compared: `acc` by sum, `acc_norm` by the mean over characters, `acc_bytes` over
  /// bytes, `acc_token` over tokens.
  public enum Metric: String, Codable, Sendable { case acc, acc_norm, acc_bytes, acc_token }

  /// The task's name; the file's if left out.
  public var task: String?
  /// The jsonl file, relative to the YAML file; of the same name if left out.
  public var file: String?
  /// What comes before the answer.
  public var doc_to_text: String
  /// What is chosen from; left out where the target is to be completed, token by token.
  public var doc_to_choice: Choices?
  /// The right choice: a field with its index, its text or its letter; or the text to complete.
  public var doc_to_target: String
  /// Stands before everything.
  public var description: String?
  /// Stands before the answer; a space if left out.
  public var target_delimiter: String?
  /// Stands after each example; an empty line if left out.
  public var fewshot_delimiter: String?
  /// Examples before each question; none if left out.
  public var num_fewshot: Int?
  /// How choices are compared; `acc` if left out.
  public var metric: Metric?

  /// The two fields that a description must have.
  public init(doc_to_text: String, doc_to_target: String) {
    self.doc_to_text = doc_to_text
    self.doc_to_target = doc_to_target
  }

  var rule: ScoringRule {
    guard doc_to_choice != nil else { return .exact }
    return switch metric {
    case .acc, nil: .sum
    case .acc_norm: .perCharacter
    case .acc_bytes: .perByte
    case .acc_token: .perToken
    }
  }

  func question(_ record: TaskRecord) throws(UserError) -> TaskQuestion {
    let context = try fill(doc_to_text, record)
    let choices: [String]
    switch doc_to_choice {
    case nil:
      return TaskQuestion(
        contexts: [context], answers: [try fill(doc_to_target, record)], correct: 0)
    case .texts(let texts):
      var filled: [String] = []
      for text in texts { filled.append(try fill(text, record)) }
      choices = filled
    case .field(let field):
      choices = try record.texts(Self.path(field) ?? field, asTheyAre: true)
    }
    return TaskQuestion(
      contexts: [context], answers: choices, correct: try target(among: choices, record))
  }

  /// The index of the right choice, from its index, text or letter.
  private func target(among choices: [String], _ record: TaskRecord) throws(UserError) -> Int {
    if let index = Int(doc_to_target), choices.indices.contains(index) { return index }
    let path = Self.path(doc_to_target) ?? doc_to_target
    if try record.value(path) is Int { return try record.index(path, below: choices.count) }
    let text = try record.text(path)
    let texts = choices.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    if let index = texts.firstIndex(of: text) ?? Int(text) {
      guard choices.indices.contains(index) else {
        throw record.error(
          "answer index \(index) is out of range: there are \(choices.count) choices",
          fix: "indices count from 0")
      }
      return index
    }
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ").prefix(choices.count)
    if text.count == 1, let letter = text.uppercased().first,
      let index = letters.firstIndex(of: letter)
    {
      return index
    }
    throw record.error(
      "answer \"\(text)\" is none of the \(choices.count) choices",
      fix: "let doc_to_target name a field with the index, the text or the letter of a choice")
  }

  /// A template with the record's fields in it.
  private func fill(_ template: String, _ record: TaskRecord) throws(UserError) -> String {
    if record.has(template) { return try record.text(template, asItIs: true) }
    var text = ""
    var rest = template[...]
    while let start = rest.range(of: "{{"), let end = rest.range(of: "}}"),
      start.upperBound <= end.lowerBound
    {
      text += rest[..<start.lowerBound]
      text += try record.text(
        rest[start.upperBound..<end.lowerBound].trimmingCharacters(in: .whitespaces),
        asItIs: true)
      rest = rest[end.upperBound...]
    }
    return text + rest
  }

  /// The field of a template that is nothing else.
  private static func path(_ template: String) -> String? {
    guard template.hasPrefix("{{"), template.hasSuffix("}}") else { return nil }
    return template.dropFirst(2).dropLast(2).trimmingCharacters(in: .whitespaces)
  }
}
