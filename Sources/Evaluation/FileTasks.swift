import Corpus
import Experiment
import Foundation

/// Tasks that a user has as files: jsonl of LLM-Foundry or BLiMP, or any jsonl with a YAML file.
public struct FileTasks: Sendable {
  /// A task and what fitting it into the context took.
  public struct Task: Sendable {
    /// The task.
    public let task: MultipleChoiceTask
    /// Items that lost the beginning of their context, which did not fit.
    public let truncated: Int
  }

  /// The tasks, by name.
  public let tasks: [Task]
  /// What stands in for an empty context.
  public let endOfText: Int32

  /// Reads a file, or all `.jsonl` and `.yaml` files in a folder and the folders in it.
  ///
  /// - Parameters:
  ///   - contextLength: the longest sequence of the model
  ///   - shots: examples before each question; as the task's suite has, if nil
  ///   - describe: reads a YAML file
  /// - Throws: `UserError` with file and line.
  public init(
    _ url: URL, tokenizer: Tokenizer, contextLength: Int, shots: Int?,
    describe: (URL) throws(UserError) -> TaskDescription
  ) throws(UserError) {
    endOfText = Int32(tokenizer.endOfText)
    let files = try Self.files(at: url)
    var described: Set<String> = []
    var tasks: [(task: Task, file: URL)] = []
    for file in files where ["yaml", "yml"].contains(file.pathExtension) {
      let description = try describe(file)
      let name = file.deletingPathExtension().lastPathComponent
      let path = description.file ?? "\(name).jsonl"
      for (key, parts) in [
        ("task", [description.task ?? name]),
        ("file", path.components(separatedBy: "/")),
      ] where !parts.allSatisfy(\.isPlainFileName) {
        throw UserError(
          .badConfig, "\(key): \"\(parts.joined(separator: "/"))\" leaves its folder or is hidden",
          at: file.path, fix: "use letters, digits, - and _")
      }
      let data = file.deletingLastPathComponent().appendingPathComponent(path)
      described.insert(data.standardizedFileURL.path)
      let prompt = TaskPrompt(
        cut: .together, preamble: description.description ?? "",
        exampleDelimiter: description.fewshot_delimiter ?? "\n\n",
        answerDelimiter: description.target_delimiter ?? " ", tokenizer: tokenizer,
        contextLength: contextLength)
      let (questions, places) = try Self.read(data) { record throws(UserError) in
        try description.question(record)
      }
      let task = try prompt.task(
        description.task ?? name, rule: description.rule, questions, places: places,
        shots: shots ?? description.num_fewshot ?? 0)
      tasks.append((task, file))
    }
    for file in files where file.pathExtension == "jsonl" {
      guard !described.contains(file.standardizedFileURL.path) else { continue }
      let name = file.deletingPathExtension().lastPathComponent
      var format: TaskFileFormat?
      let (questions, places) = try Self.read(file) { record throws(UserError) in
        let known: TaskFileFormat
        if let format { known = format } else { known = try TaskFileFormat(record) }
        format = known
        return try known.question(record)
      }
      let isPair = format == .minimalPair
      let prompt = TaskPrompt(
        cut: isPair ? .together : .apart, exampleDelimiter: "\n",
        answerDelimiter: isPair ? " " : PaperSuite.delimiter(of: name), tokenizer: tokenizer,
        contextLength: contextLength)
      let task = try prompt.task(
        name, rule: format?.rule ?? .sum, questions, places: places,
        shots: isPair ? 0 : shots ?? PaperSuite.shots(of: name))
      tasks.append((task, file))
    }
    tasks.sort { $0.task.task.name < $1.task.task.name }
    for (one, other) in zip(tasks, tasks.dropFirst())
    where one.task.task.name == other.task.task.name {
      throw UserError(
        .badData, "two tasks are named \"\(one.task.task.name)\": \(one.file.path)",
        at: other.file.path, fix: "rename one of the files, or set task: in its YAML file")
    }
    self.tasks = tasks.map(\.task)
  }

  /// SHA-256 of the task files at `url`: of their names and contents.
  public static func digest(_ url: URL) throws(UserError) -> String {
    var lines = ""
    for file in try files(at: url) {
      lines += file.lastPathComponent + " " + Checksum.sha256(of: try contents(of: file)) + "\n"
    }
    return Checksum.sha256(of: Data(lines.utf8))
  }

  private static func contents(of url: URL) throws(UserError) -> Data {
    do { return try Data(contentsOf: url) } catch {
      throw UserError(
        .missingInput, "cannot read the task: \(error.localizedDescription)", at: url.path,
        fix: "check the path")
    }
  }

  private static func files(at url: URL) throws(UserError) -> [URL] {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw UserError(
        .missingInput, "no such file or folder of tasks", at: url.path,
        fix: "give a .jsonl or .yaml file, or a folder of them")
    }
    guard (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true else {
      return [url]
    }
    let paths = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
    let files = paths.sorted().map { url.appendingPathComponent($0) }
      .filter { ["jsonl", "yaml", "yml"].contains($0.pathExtension) }
    guard !files.isEmpty else {
      throw UserError(
        .missingInput, "no .jsonl or .yaml file in the folder", at: url.path,
        fix: "give a folder of task files")
    }
    return files
  }

  /// The questions of a jsonl file and where each is.
  private static func read(
    _ url: URL, _ question: (TaskRecord) throws(UserError) -> TaskQuestion
  ) throws(UserError) -> (questions: [TaskQuestion], places: [String]) {
    let data = try contents(of: url)
    var questions: [TaskQuestion] = []
    var places: [String] = []
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (i, line) in lines.enumerated() where line.contains(where: { $0 > UInt8(ascii: " ") }) {
      let place = "\(url.path):\(i + 1)"
      questions.append(try question(try TaskRecord(line, place: place)))
      places.append(place)
    }
    guard !questions.isEmpty else {
      throw UserError(.badData, "the file has no question", at: url.path, fix: "remove it")
    }
    return (questions, places)
  }
}

/// How the suite of Gadre et al. 2024 asks LLM-Foundry's tasks.
private enum PaperSuite {
  private static let three = ["gsm8k", "svamp", "lsat", "sat", "bbq"]
  private static let ten = [
    "arc_", "boolq", "piqa", "siqa", "commonsense_qa", "bigbench_", "simple_arithmetic",
    "winogender", "logi_qa", "math_qa", "jeopardy",
  ]
  private static let answered = ["arc_", "piqa", "boolq", "jeopardy", "mmlu", "logi_qa"]

  /// Examples before each question; none for tasks that are not of the suite.
  static func shots(of name: String) -> Int {
    if name == "bigbench_conlang_translation" { return 0 }
    if name.hasPrefix("mmlu") { return 5 }
    if three.contains(where: name.hasPrefix) { return 3 }
    return ten.contains(where: name.hasPrefix) ? 10 : 0
  }

  static func delimiter(of name: String) -> String {
    answered.contains(where: name.hasPrefix) ? "\nAnswer: " : " "
  }
}
