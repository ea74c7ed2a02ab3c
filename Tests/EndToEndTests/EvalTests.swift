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

  /// A grid of one small run on two corpora of bytes, with tasks of files.
  private static let grid = """
    name: g
    corpora: [chain, other]
    model: { contextLength: 32, sizes: { a: { width: 16, layers: 1, heads: 2 } } }
    training: { batchTokens: 512, slots: 1, microbatchTokens: 128 }
    evaluation: { validationTokens: 4096, tasks: asked/ }
    tokenMultipliers: 5
    """

  private func trained() throws -> (program: Program, run: String) {
    let program = try Program()
    try program.write(ResumeTests.corpus, to: "chain.yaml")
    try program.write(
      ResumeTests.corpus.replacing("chain", with: "other").replacing("seed: 3", with: "seed: 4"),
      to: "other.yaml")
    for config in ["chain.yaml", "other.yaml"] {
      #expect(try program.run("data", config).status == 0)
    }
    try program.write(Self.grid, to: "g.yaml")
    let query = String(repeating: "x", count: 50)
    try program.write(
      "{\"query\": \"\(query)\", \"choices\": [\"a\", \"bc\"], \"gold\": 1}\n",
      to: "asked/mine.jsonl")
    let sweep = try program.run("sweep", "g.yaml", "--runs", "r")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(sweep.errors.contains("mine: 1 of 1 items lost the beginning"))
    let runs = try FileManager.default.contentsOfDirectory(
      atPath: program.folder.appendingPathComponent("r/g").path)
    return (program, "r/g/" + (try #require(runs.first { $0.hasPrefix("chain-") })))
  }

  private struct Measured: Decodable {
    struct Loss: Decodable, Equatable {
      let set: String
      let inDistribution: Bool
      let loss: Double
      let tokens: Int
    }
    struct Detail: Decodable {
      struct Mean: Decodable {
        let loss: Double?
        let tokens: Int
      }
      let set: String
      let byPosition: [Mean]
      let byFrequencyDecile: [Mean]
    }
    let validation: [Loss]
    let detail: [Detail]?
  }

  /// A run of a grid is measured on the validation split of every corpus of the grid and asked the
  /// files of `tasks:`; measured again, lines and files are added and nothing else changes.
  @Test func aRunIsMeasuredAgain() throws {
    let (program, run) = try trained()
    defer { program.remove() }
    func file(_ name: String) throws -> Data {
      try Data(contentsOf: program.folder.appendingPathComponent(run).appendingPathComponent(name))
    }
    func measured(_ arguments: String...) throws -> Measured {
      let result = try program.run(["eval", run, "--json"] + arguments)
      #expect(result.status == 0, "\(result.errors)")
      return try JSONDecoder().decode(Measured.self, from: Data(result.output.utf8))
    }
    let record = try file("record.json")
    let recorded = try JSONDecoder().decode(Measured.self, from: record)
    #expect(recorded.validation.map(\.set) == ["val", "other"])
    #expect(recorded.validation.map(\.inDistribution) == [true, false])
    let items = try file("eval/mine.jsonl")

    let again = try measured("--detail")
    #expect(again.validation == recorded.validation)
    let details = try #require(again.detail)
    #expect(details.map(\.set) == ["val", "other"])
    for (detail, loss) in zip(details, again.validation) {
      #expect(detail.byPosition.count == 32 && detail.byFrequencyDecile.count == 10)
      for parts in [detail.byPosition, detail.byFrequencyDecile] {
        #expect(parts.reduce(0) { $0 + $1.tokens } == loss.tokens)
        let sum = parts.reduce(0.0) { $0 + ($1.loss ?? 0) * Double($1.tokens) }
        #expect(abs(sum / Double(loss.tokens) - loss.loss) < 1e-9)
      }
    }
    let first = try file("evaluation.jsonl")
    let table = try program.run("eval", run, "--detail").output
    for words in ["val: frequency decile", "val: position", "average over 1 tasks"] {
      #expect(table.contains(words))
    }

    // A set that was not there when the run was trained.
    let lines = String(repeating: "Roses are red, violets are blue.\n\n", count: 9)
    try program.write(lines, to: "poem.txt")
    let poem = try measured("--text", "poem.txt")
    #expect(poem.validation.map(\.set) == ["poem"] && poem.validation[0].tokens > 200)
    let other = try measured("--corpus", "other")
    #expect(other.validation.map(\.inDistribution) == [false])
    #expect(other.validation[0].loss == recorded.validation[1].loss)

    #expect(try file("evaluation.jsonl").prefix(first.count) == first)
    #expect(try file("evaluation.jsonl").split(separator: 10).count == 4)
    #expect(try file("record.json") == record)
    #expect(try file("eval/mine.jsonl") == items)
    // Other questions of the same name: the old answers stay.
    try program.write(
      "{\"query\": \"y\", \"choices\": [\"d\", \"e\"], \"gold\": 1}\n", to: "asked/mine.jsonl")
    let changed = try program.run("eval", run)
    #expect(
      changed.status == 65 && changed.errors.contains("not those that the run is to be asked"))
    #expect(try program.run("eval", run, "--tasks", "asked").status == 0)
    #expect(try file("eval/mine.jsonl") == items && (try file("eval/mine.2.jsonl")) != items)
  }

  @Test func corpusOfAnotherTokenizerIsRefused() throws {
    let (program, run) = try trained()
    defer { program.remove() }
    try program.write(
      ResumeTests.corpus.replacing("chain", with: "pieces").replacing("256", with: "300"),
      to: "pieces.yaml")
    #expect(try program.run("data", "pieces.yaml").status == 0)
    let result = try program.run("eval", run, "--corpus", "pieces")
    #expect(result.status == 65)
    #expect(result.errors.contains("its tokenizer is not the one of chain"))
    try program.write(
      Self.grid.replacing("tasks: asked/", with: "corpora: pieces"), to: "g.yaml")
    let plan = try program.run("plan", "g.yaml")
    #expect(plan.status == 78)
    #expect(plan.errors.contains("the corpora pieces and chain have different tokenizers"))
    // Made with the tokenizer of another corpus, and refused with another size than that has.
    let with = ResumeTests.corpus.replacing("chain", with: "shared")
      .replacing("seed: 3", with: "seed: 5")
    try program.write(
      with.replacing("vocabularySize: 256", with: "vocabularySize: 300, corpus: pieces"),
      to: "shared.yaml")
    #expect(try program.run("data", "shared.yaml").status == 0)
    func tokenizer(_ corpus: String) throws -> Data {
      try Data(
        contentsOf: program.folder.appendingPathComponent("data/corpora/\(corpus)/tokenizer.json"))
    }
    #expect(try tokenizer("shared") == tokenizer("pieces"))
    try program.write(
      with.replacing("shared", with: "wrong")
        .replacing("vocabularySize: 256", with: "vocabularySize: 400, corpus: pieces"),
      to: "wrong.yaml")
    let wrong = try program.run("data", "wrong.yaml")
    #expect(wrong.status == 78 && wrong.errors.contains("pieces has 300 tokens, not 400"))
  }
}
