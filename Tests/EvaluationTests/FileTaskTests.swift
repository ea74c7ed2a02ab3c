import Corpus
import Evaluation
import Experiment
import Foundation
import Testing

@Suite struct FileTaskTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func tasks(
    _ files: [String: String], contextLength: Int = 256, shots: Int? = nil,
    describe: TaskDescription? = nil
  ) throws -> FileTasks {
    for (name, text) in files {
      try Data(text.utf8).write(to: folder.url.appendingPathComponent(name))
    }
    return try FileTasks(
      folder.url, tokenizer: .bytes, contextLength: contextLength, shots: shots,
      describe: { url throws(UserError) in
        guard let describe else { throw UserError(.failure, "no description") }
        return describe
      })
  }

  private func text(_ tokens: [Int32]) -> String {
    String(decoding: Tokenizer.bytes.decode(tokens), as: UTF8.self)
  }

  private func choices(_ item: MultipleChoiceTask.Item) -> [String] {
    item.choices.map { text($0.context) + "|" + text($0.answer) }
  }

  @Test func formatsAreToldApartByTheirKeys() throws {
    let tasks = try tasks([
      "choice.jsonl": #"{"query": "Two and two: ", "choices": [" three", "four "], "gold": 1}"#,
      "schema.jsonl":
        #"{"context_options": ["Ann", "Bob "], "continuation": "left.", "gold": 0}"#,
      "last.jsonl": #"{"context": "once upon a", "continuation": " time"}"#,
      "free.jsonl": #"{"context": "1 + 1 =", "answer": "2", "aliases": []}"#,
      "pair.jsonl": #"{"good": "We are.", "bad": "We is."}"#,
    ]).tasks.map(\.task)
    #expect(tasks.map(\.name) == ["choice", "free", "last", "pair", "schema"])
    #expect(tasks.map(\.rule) == [.perToken, .exact, .exact, .sum, .perToken])
    #expect(tasks.map(\.chance) == [0.5, 1, 1, 0.5, 0.5])
    #expect(choices(tasks[0].items[0]) == ["Two and two:| three", "Two and two:| four"])
    #expect(tasks[0].items[0].correct == 1)
    // Bytes are those of the choice, the blank before it left out.
    #expect(tasks[0].items[0].choices.map(\.answerBytes) == [5, 4])
    #expect(choices(tasks[1].items[0]) == ["1 + 1 =| 2"])
    #expect(choices(tasks[2].items[0]) == ["once upon a| time"])
    #expect(choices(tasks[3].items[0]) == ["| We are.", "| We is."])
    #expect(choices(tasks[4].items[0]) == ["Ann| left.", "Bob| left."])
  }

  @Test func delimitersAreThoseOfThePaper() throws {
    let item = #"{"query": "Goal: sleep", "choices": ["lie down", "run"], "gold": 0}"#
    let tasks = try tasks(["piqa.jsonl": item, "other.jsonl": item]).tasks.map(\.task)
    #expect(choices(tasks[0].items[0])[0] == "Goal: sleep| lie down")
    #expect(choices(tasks[1].items[0])[0] == "Goal: sleep\nAnswer:| lie down")
  }

  /// Examples are others of the file, each once, with their right answers.
  @Test func examplesStandBeforeTheQuestion() throws {
    let lines = (0..<6).map {
      "{\"query\": \"Q\($0)\", \"choices\": [\"yes\", \"no\"], \"gold\": 1}"
    }
    let task = try tasks(["t.jsonl": lines.joined(separator: "\n") + "\n\n"], shots: 3).tasks[0]
      .task
    #expect(task.items.count == 6)
    for (i, item) in task.items.enumerated() {
      let parts = text(item.choices[0].context).split(separator: "\n")
      #expect(parts.count == 4 && parts[3] == "Q\(i)")
      #expect(Set(parts).count == 4)
      #expect(parts.dropLast().allSatisfy { $0.hasPrefix("Q") && $0.hasSuffix(" no") })
    }
    // The paper's count for a file of its suite, as far as the file has others.
    let suite = try tasks(["arc_easy.jsonl": lines.joined(separator: "\n")]).tasks[0].task
    #expect(
      text(suite.items[0].choices[0].context).split(separator: "\n").filter { $0.hasPrefix("Q") }
        .count == 6)
  }

  private struct Draws: Decodable {
    let questions: Int
    let shots: Int
    let foundry: [[Int]]
    let harness: [[Int]]
  }

  /// The examples are those of LLM-Foundry and lm-evaluation-harness, in their order, as Python's own
  /// generator and set have them (make_llama_checkpoint.py).
  @Test func examplesAreThoseThatPythonDraws() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/tiny_llama/draws.json")
    for draws in try JSONDecoder().decode([Draws].self, from: Data(contentsOf: file)) {
      let lines = (0..<draws.questions).map {
        "{\"query\": \"Q\($0)\", \"choices\": [\"A\", \"B\"], \"gold\": 0}"
      }
      let text = lines.joined(separator: "\n")
      func drawn(_ task: MultipleChoiceTask) -> [[Int]] {
        task.items.prefix(draws.foundry.count).map { item in
          self.text(item.choices[0].context).split { $0 == " " || $0 == "\n" }
            .filter { $0.hasPrefix("Q") }.dropLast().compactMap { Int($0.dropFirst()) }
        }
      }
      let foundry = try tasks(["t.jsonl": text], contextLength: 4096, shots: draws.shots).tasks[0]
      #expect(foundry.truncated == 0 && drawn(foundry.task) == draws.foundry)
      var description = TaskDescription(doc_to_text: "query", doc_to_target: "gold")
      description.doc_to_choice = .field("choices")
      description.num_fewshot = draws.shots
      let harness = try tasks(["t.yaml": ""], contextLength: 4096, describe: description).tasks[0]
      try FileManager.default.removeItem(at: folder.url.appendingPathComponent("t.yaml"))
      #expect(drawn(harness.task) == draws.harness)
    }
  }

  /// lm-evaluation-harness's acc_norm counts characters, acc_bytes bytes.
  @Test func metricsOfTheHarnessAreKnown() throws {
    let line = #"{"q": "x", "a": ["été é", "abcdef"], "gold": 1}"#
    var description = TaskDescription(doc_to_text: "q", doc_to_target: "gold")
    description.doc_to_choice = .field("a")
    for (metric, rule, best) in [
      (TaskDescription.Metric.acc, ScoringRule.sum, 0), (.acc_norm, .perCharacter, 1),
      (.acc_bytes, .perByte, 0), (.acc_token, .perToken, 0),
    ] {
      description.metric = metric
      let task = try tasks(["t.jsonl": line, "t.yaml": ""], describe: description).tasks[0].task
      #expect(task.rule == rule)
      #expect(task.items[0].choices.map(\.answerBytes) == [8, 6])
      #expect(task.items[0].choices.map(\.answerCharacters) == [5, 6])
      // −1.5 and −1.7: per character −.300 and −.283, per byte −.188 and −.283.
      let score = ItemScore(
        task.items[0], rule: rule,
        [-1.5, -1.7].map { ChoiceScore(logProbability: $0, isLikeliest: false) })
      #expect(score.predicted == best, "\(metric)")
    }
  }

  @Test func fieldsOfAnyFileAreNamed() throws {
    var description = TaskDescription(
      doc_to_text: "{{story}}\nQ: {{ask.text}}", doc_to_target: "key")
    description.doc_to_choice = .field("ask.options")
    description.file = "data.jsonl"
    description.task = "mine"
    description.metric = .acc_norm
    let line =
      #"{"story": "It rained.", "ask": {"text": "Wet?", "options": ["aye", "nay"]}, "key": "B"}"#
    let found = try tasks(["mine.yaml": "", "data.jsonl": line], describe: description).tasks
    #expect(found.count == 1 && found[0].task.name == "mine" && found[0].task.rule == .perCharacter)
    let item = found[0].task.items[0]
    #expect(choices(item) == ["It rained.\nQ: Wet?| aye", "It rained.\nQ: Wet?| nay"])
    #expect(item.correct == 1)
    description.doc_to_choice = .texts(["yes", "no, {{story}}"])
    description.doc_to_target = "0"
    let fixed = try tasks([:], describe: description).tasks[0].task.items[0]
    #expect(choices(fixed)[1].hasSuffix("| no, It rained.") && fixed.correct == 0)
    description.doc_to_choice = nil
    description.doc_to_target = "{{key}}!"
    let completion = try tasks([:], describe: description).tasks[0].task
    #expect(completion.rule == .exact && choices(completion.items[0])[0].hasSuffix("| B!"))
  }

  /// The beginning of the context goes first; how many items lost it is counted.
  @Test func longItemsAreCutOnTheLeft() throws {
    let file = """
      {"context": "a long context of many bytes", "continuation": "end"}
      {"context": "short", "continuation": "end"}
      {"context": "x", "continuation": "an answer longer than the whole context"}
      """
    let task = try tasks(["t.jsonl": file], contextLength: 16).tasks[0]
    #expect(task.truncated == 2)
    #expect(choices(task.task.items[0]) == ["of many bytes| end"])
    #expect(choices(task.task.items[1]) == ["short| end"])
    for choice in task.task.items.flatMap(\.choices) {
      #expect(choice.context.count + choice.answer.count <= 17 && !choice.context.isEmpty)
    }
  }

  @Test(
    arguments: [
      ("{\"query\": \"a\", ", "t.jsonl:2", "not a JSON object"),
      ("[1]", "t.jsonl:2", "not a JSON object"),
      (#"{"query": "a", "gold": 0}"#, "t.jsonl:2", "no field \"choices\""),
      (#"{"query": "a", "choices": ["b", "c"]}"#, "t.jsonl:2", "no field \"gold\""),
      (
        #"{"query": "a", "choices": ["b", "c"], "gold": 2}"#, "t.jsonl:2", "index 2 is out of range"
      ),
      (#"{"query": "a", "choices": ["b", "c"], "gold": -1}"#, "t.jsonl:2", "index -1 is out of"),
      (#"{"query": "a", "choices": ["b", "c"], "gold": "b"}"#, "t.jsonl:2", "not a whole number"),
      (#"{"query": "a", "choices": ["b"], "gold": 0}"#, "t.jsonl:2", "list of two texts or more"),
      (#"{"query": "a", "choices": "b", "gold": 0}"#, "t.jsonl:2", "list of two texts or more"),
      (
        #"{"query": "a", "choices": ["b", " "], "gold": 0}"#, "t.jsonl:2",
        "choice 1 has zero tokens"
      ),
    ])
  func badLinesAreNamed(line: String, place: String, what: String) throws {
    let good = #"{"query": "a", "choices": ["b", "c"], "gold": 0}"#
    #expect {
      try tasks(["t.jsonl": good + "\n" + line + "\n"])
    } throws: { error in
      guard let error = error as? UserError else { return false }
      return error.kind == .badData && error.location?.hasSuffix(place) == true
        && error.what.contains(what) && error.fix != nil
    }
  }

  @Test func badFilesAreNamed() throws {
    func error(_ files: [String: String]) -> UserError? {
      do {
        _ = try tasks(files)
        return nil
      } catch { return error as? UserError }
    }
    #expect(error([:])?.kind == .missingInput)
    #expect(error(["t.jsonl": "\n"])?.what == "the file has no question")
    #expect(error(["t.jsonl": #"{"foo": 1}"#])?.what.contains("it has the keys foo") == true)
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("t.jsonl"))
    #expect {
      try FileTasks(
        folder.url.appendingPathComponent("none"), tokenizer: .bytes, contextLength: 8, shots: 0,
        describe: { url throws(UserError) in throw UserError(.failure, "no") })
    } throws: { ($0 as? UserError)?.kind == .missingInput }
  }

  private static let shared = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("shared/tasks")

  /// Every public file is read, with as many examples as the paper has, each item with two choices or
  /// more but for completions.
  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: shared.path),
      "the public task files are not beside this checkout"))
  func publicFilesAreRead() throws {
    let paths = try #require(
      FileManager.default.enumerator(atPath: Self.shared.path)?.compactMap { $0 as? String })
    let files = paths.filter { $0.hasSuffix(".jsonl") }
    let tasks = try FileTasks(
      Self.shared, tokenizer: .bytes, contextLength: 128, shots: nil,
      describe: { url throws(UserError) in throw UserError(.failure, "no") }
    ).tasks
    #expect(tasks.count == files.count && files.count >= 100)
    for task in tasks.map(\.task) {
      #expect(task.items.count >= 20, "\(task.name)")
      #expect(
        task.items.allSatisfy {
          task.rule == .exact ? $0.choices.count == 1 : $0.choices.count > 1
        },
        "\(task.name)")
    }
  }
}
