import ConfigFiles
import Corpus
import Evaluation
import Experiment
import Foundation

extension FuzzTarget {
  /// YAML files.
  static func configs(_ scratch: Scratch) throws -> [FuzzTarget] {
    let set = CorpusManifest.TokenSet(
      name: "train", purpose: .training, documents: 1, bytes: 1, tokens: 1_000_000, shards: [])
    let manifest = CorpusManifest(
      name: "c", vocabularySize: 256, tokenizerSHA256: "", endOfText: 0, sets: [set],
      taskDocuments: 0, taskSHA256: nil, sources: [], nearDuplicatesLeft: [:])
    let grid = FuzzTarget("grid", texts: grids) { input in
      let grid = try parse(GridConfig.self, input)
      let names = grid.corpora.values + (grid.zip ?? []).flatMap { $0.corpus?.values ?? [] }
      _ = try grid.resolve(corpora: Dictionary(names.map { ($0, manifest) }) { a, _ in a })
    }
    let corpus = FuzzTarget("corpus", texts: corpora) { input in
      try parse(CorpusConfig.self, input).validate()
    }
    let run = FuzzTarget("run", texts: [try runConfig()]) { input in
      _ = try parse(RunConfig.self, input).id
    }
    let items =
      #"{"q": "It was", "c": ["a day", "a night"], "n": {"x": "y"}, "gold": 1, "w": "B"}"#
    let questions = Array("\(items)\n\(items)\n".utf8)
    let tokenizer = Tokenizer.bytes
    let description = FuzzTarget("description", texts: descriptions) { input in
      let yaml = try scratch.put(input, "d.yaml")
      _ = try scratch.put(questions, "d.jsonl")
      _ = try FileTasks(yaml, tokenizer: tokenizer, contextLength: 32, shots: nil) {
        url throws(UserError) in try ConfigFile.load(TaskDescription.self, from: url)
      }
    }
    return [grid, corpus, run, description]
  }

  private static func parse<Value: Decodable>(
    _ type: Value.Type, _ input: [UInt8]
  ) throws(UserError) -> Value {
    try ConfigFile.parse(type, String(decoding: input, as: UTF8.self), file: "f")
  }

  private static let grids = [
    """
    name: g
    corpora: [c, d]
    model: { contextLength: 32, sizes: { a: &a { width: 16, layers: 1, heads: 2 }, b: *a } }
    tokens: [1000, 2e3]
    exclude: [a20, { size: [a], seed: 1 }]
    overrides: [{ match: { size: a }, training: { learningRate: 0.1 } }]
    """,
    """
    name: z
    seed: 1
    corpora: c
    model:
      family: llama
      contextLength: 64
      qkNorm: perHead
      sizes:
        e: { width: 24, layers: 2, heads: 3 }
    training: { batchScale: 0.5 }
    evaluation: { validationTokens: 4096, tasks: [wordOrder], itemsPerTask: 10 }
    zip:
      - { size: e, tokenMultiplier: [20, 80], seed: [1, 2] }
    roles: { fit: [e20-s1], holdout: [e80-s2] }
    """,
  ]

  private static let corpora = [
    """
    name: c
    tokenizer: { vocabularySize: 300, sampleBytes: 1e6 }
    validationShare: 0.2
    taskShare: 0.1
    sources:
      - { registry: synthetic, bytes: 400000, seed: 3 }
      - { package: [fortunes, fortune-mod], format: fortunes, set: train }
      - { path: books, files: .txt, set: other }
      - { registry: pypi, package: [book], version: "0.6", format: jsonl, field: body }
    """
  ]

  private static let descriptions = [
    "doc_to_text: \"Q: {{q}} {{n.x}}\\nA:\"\ndoc_to_choice: c\ndoc_to_target: gold\nmetric: acc_norm\n",
    "task: t\ndoc_to_text: q\ndoc_to_choice: [\"{{q}}\", b]\ndoc_to_target: w\nnum_fewshot: 1\n",
    "doc_to_text: q\ndoc_to_target: \"{{w}}\"\ndescription: x\nfewshot_delimiter: y\nfile: d.jsonl\n",
  ]

  /// A run's config as it is saved.
  private static func runConfig() throws -> String {
    var options = ModelOptions()
    (options.width, options.layers, options.heads, options.contextLength) = (16, 1, 2, 32)
    let model = try ModelConfig(options, vocabularySize: 256)
    let training = try TrainingConfig(
      TrainingOptions(), model: model, parameters: ParameterCount(model).total, horizon: 100_000)
    let config = RunConfig(
      corpus: "c", corpusFingerprint: "f", size: "a", model: model, training: training,
      evaluation: EvaluationConfig(), tokenMultiplier: 20, replicate: 0, seed: 1)
    return String(decoding: try StableJSON.encode(config), as: UTF8.self)
  }
}
