import Corpus
import Experiment

extension GeneratedTask {
  /// The most tokens of an item, so that contexts of this length and longer get the same items.
  private static let itemTokens = 64
  /// Less leaves no room for a question.
  private static let minimumContext = 16

  /// The tasks of these names, made from `documents` alone.
  ///
  /// - Parameters:
  ///   - documents: held-out text
  ///   - fingerprint: of the corpus; with the task's name it decides which items are drawn
  /// - Throws: `UserError` of kind `badConfig` for an unknown task or too short a context,
  ///   `badData` when the documents yield too few items.
  package static func suite(
    _ names: [String], from documents: [String], tokenizer: Tokenizer, fingerprint: String,
    itemsPerTask: Int, contextLength: Int
  ) throws(UserError) -> [MultipleChoiceTask] {
    guard !names.isEmpty else { return [] }
    let tasks = try names.map { name throws(UserError) in try GeneratedTask(named: name) }
    guard contextLength >= minimumContext else {
      throw UserError(
        .badConfig, "items do not fit into a contextLength of \(contextLength)",
        at: "evaluation.tasks",
        fix: "use a contextLength of at least \(minimumContext), or no tasks")
    }
    let pool = TaskPool(
      documents: documents, tokenizer: tokenizer, room: min(contextLength, itemTokens))
    let seed = stableHash(fingerprint)
    return try tasks.map { task throws(UserError) in
      try task.build(from: pool, count: itemsPerTask, seed: Seeds.derive(seed, task.rawValue))
    }
  }

  private init(named name: String) throws(UserError) {
    if let task = GeneratedTask(rawValue: name) {
      self = task
      return
    }
    let names = Self.allCases.map(\.rawValue)
    let known = "the tasks are \(names.joined(separator: ", "))"
    throw UserError(
      .badConfig, "unknown task \"\(name)\"", at: "evaluation.tasks",
      fix: nearest(to: name, among: names).map { "did you mean \"\($0)\"? \(known)" } ?? known)
  }
}
