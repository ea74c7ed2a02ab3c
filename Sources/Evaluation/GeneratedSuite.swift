import Corpus
import Experiment

/// A generated task as a config names it: `continuation`, `continuation-long`, `wordOrder@novels`,
/// `induction-short@code`.
struct SuiteTask: Sendable {
  let name: String
  let task: GeneratedTask
  /// The most tokens that an item of the task has.
  let room: Int
  /// The validation set that items are made from; the task pool if nil.
  let set: String?

  /// The room of plain names, the same in any context of at least so many tokens.
  private static let itemTokens = 64
  /// What a name may end in, before `@`.
  private static let rooms = ["-short": 24, "-long": 128]

  init(named name: String, contextLength: Int) throws(UserError) {
    let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    var kind = String(parts[0])
    var room = min(contextLength, Self.itemTokens)
    for (suffix, tokens) in Self.rooms where kind.hasSuffix(suffix) {
      kind.removeLast(suffix.count)
      room = tokens
    }
    guard room <= contextLength else {
      throw UserError(
        .badConfig, "items of \(name) have up to \(room) tokens, the context \(contextLength)",
        at: "evaluation.tasks", fix: "use \(kind), or a contextLength of at least \(room)")
    }
    guard let task = GeneratedTask(rawValue: kind) else {
      let names = GeneratedTask.allCases.map(\.rawValue)
      let known =
        "the tasks are \(names.joined(separator: ", ")), each with -short or -long and @SET if wanted"
      throw UserError(
        .badConfig, "unknown task \"\(name)\"", at: "evaluation.tasks",
        fix: nearest(to: kind, among: names).map { "did you mean \"\($0)\"? \(known)" } ?? known)
    }
    self.name = name
    self.task = task
    self.room = room
    set = parts.count == 2 ? String(parts[1]) : nil
  }
}

extension GeneratedTask {
  /// Less leaves no room for a question.
  private static let minimumContext = 16

  /// The tasks of these names, made from held-out documents alone.
  ///
  /// - Parameters:
  ///   - documents: the documents of a validation set, or of the task pool for nil
  ///   - fingerprint: of the corpus; with the task's name it decides which items are drawn
  /// - Throws: `UserError` of kind `badConfig` for an unknown task or too short a context,
  ///   `badData` when the documents yield too few items.
  package static func suite(
    _ names: [String], from documents: (String?) throws(UserError) -> [String],
    tokenizer: Tokenizer, fingerprint: String, itemsPerTask: Int, contextLength: Int
  ) throws(UserError) -> [MultipleChoiceTask] {
    guard !names.isEmpty else { return [] }
    let tasks = try names.map { name throws(UserError) in
      try SuiteTask(named: name, contextLength: contextLength)
    }
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw UserError(
        .badConfig, "task \"\(twice)\" is named twice", at: "evaluation.tasks", fix: "keep one")
    }
    guard contextLength >= minimumContext else {
      throw UserError(
        .badConfig, "items do not fit into a contextLength of \(contextLength)",
        at: "evaluation.tasks",
        fix: "use a contextLength of at least \(minimumContext), or no tasks")
    }
    var pools: [String?: TaskPool] = [:]
    let seed = stableHash(fingerprint)
    return try tasks.map { task throws(UserError) in
      var pool =
        if let pool = pools[task.set] { pool } else {
          TaskPool(documents: try documents(task.set), tokenizer: tokenizer, room: task.room)
        }
      pools[task.set] = pool
      pool.room = task.room
      return try task.task.build(
        task.name, from: pool, count: itemsPerTask, seed: Seeds.derive(seed, task.name))
    }
  }
}
