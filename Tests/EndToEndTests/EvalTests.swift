import Foundation
import Testing

/// `overtrain eval` on a Hugging Face checkpoint and on task files.
@Suite struct EvalTests {
  private static let llama = Program.root.appendingPathComponent("Tests/Fixtures/tiny_llama")

  /// An item as PyTorch has it, and the fields that our item files share with it.
  private struct Expected: Decodable {
    let logProbabilities: [Double]
    let likeliest: [Bool]
    let tokens: [Int]
    let bytes: [Int]
    let correct: Int
    let predicted: Int
    let byRule: [String: Int]?
    let truncated: Bool?
  }

  private struct Entry: Decodable {
    struct Task: Decodable {
      let task: String
      let error: Double
      let errorByRule: [String: Double]
      let truncated: Int?
    }
    let tasks: [Task]
  }

  /// Item by item as PyTorch with the rules of lm-evaluation-harness and LLM-Foundry has it
  /// (make_llama_checkpoint.py), within 1e-4 in log-probability, without examples and with three.
  @Test(arguments: [("0", "scores"), ("3", "scores_shots")])
  func checkpointAgreesWithPyTorch(shots: String, scores: String) throws {
    let program = try Program()
    defer { program.remove() }
    let result = try program.run(
      "eval", Self.llama.path, "--tasks", Self.llama.path + "/tasks", "--shots", shots, "--items",
      "items", "--json")
    #expect(result.status == 0, "\(result.errors)")
    let entry = try JSONDecoder().decode(Entry.self, from: Data(result.output.utf8))
    let expected = try JSONDecoder().decode(
      [String: [Expected]].self,
      from: Data(contentsOf: Self.llama.appendingPathComponent("\(scores).json")))
    #expect(entry.tasks.map(\.task) == expected.keys.sorted())
    for (task, items) in expected {
      let file = program.folder.appendingPathComponent("items/\(task).jsonl")
      let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
      let found = try lines.map { try JSONDecoder().decode(Expected.self, from: $0) }
      #expect(found.count == items.count)
      for (ours, theirs) in zip(found, items) {
        #expect(ours.tokens == theirs.tokens && ours.correct == theirs.correct, "\(task)")
        #expect(ours.likeliest == theirs.likeliest && ours.bytes == theirs.bytes, "\(task)")
        #expect(ours.predicted == theirs.predicted, "\(task)")
        for (a, b) in zip(ours.logProbabilities, theirs.logProbabilities) {
          #expect(abs(a - b) < 1e-4, "\(task)")
        }
      }
      let summary = try #require(entry.tasks.first { $0.task == task })
      #expect(summary.errorByRule.count == 3)
      for (rule, error) in summary.errorByRule {
        let wrong = items.count { $0.byRule?[rule] != $0.correct }
        #expect(abs(error - Double(wrong) / Double(items.count)) < 1e-9, "\(task) \(rule)")
      }
      // Items that do not fit into the context: said, and counted.
      let truncated = items.count { $0.truncated == true }
      #expect(summary.truncated ?? 0 == truncated, "\(task)")
      #expect(
        truncated == 0
          || result.errors.contains(
            "\(task): \(truncated) of \(items.count) items lost the beginning")
      )
    }
    #expect(entry.tasks.contains { $0.truncated != nil })
  }

  @Test func anotherTokenizerIsRefused() throws {
    let program = try Program()
    defer { program.remove() }
    let copy = program.folder.appendingPathComponent("llama")
    try FileManager.default.copyItem(at: Self.llama, to: copy)
    let config = copy.appendingPathComponent("config.json")
    let text = try String(contentsOf: config, encoding: .utf8)
    try Data(text.replacing("\"vocab_size\": 304", with: "\"vocab_size\": 280").utf8)
      .write(to: config)
    let result = try program.run("eval", "llama", "--tasks", Self.llama.path + "/tasks")
    #expect(result.status == 65)
    #expect(result.errors.contains("tokenizer.json: the tokenizer has 300 tokens, the model 280"))
    try Data(text.replacing("\"llama\"", with: "\"mamba\"").utf8).write(to: config)
    #expect(
      try program.run("eval", "llama", "--tasks", "x").errors.contains("model_type is mamba"))
    #expect(try program.run("eval", Self.llama.path).status == 64)
  }

  @Test func badTaskDescriptionIsNamed() throws {
    let program = try Program()
    defer { program.remove() }
    try program.write("{\"q\": \"x\", \"a\": [\"b\", \"c\"], \"gold\": 2}\n", to: "tasks/t.jsonl")
    try program.write(
      "doc_to_text: q\ndoc_to_choice: a\ndoc_to_target: gold\n", to: "tasks/t.yaml")
    let result = try program.run("eval", Self.llama.path, "--tasks", "tasks")
    #expect(result.status == 65)
    #expect(result.errors.contains("t.jsonl:1: answer index 2 is out of range"))
    try program.write("doc_to_txt: q\ndoc_to_target: gold\n", to: "tasks/t.yaml")
    let unknown = try program.run("eval", Self.llama.path, "--tasks", "tasks")
    #expect(unknown.status == 78 && unknown.errors.contains("did you mean \"doc_to_text\""))
  }
}
