import Corpus
import Experiment
import Foundation
import Kernels
import Model

/// A model whose losses are set by hand: `loss(previous tokens, target)` in nats.
struct StubModel: LanguageModel {
  let config: ModelConfig
  let layout = ParameterLayout()
  let loss: @Sendable (ArraySlice<Int32>, Int32) -> Float
  /// A token of a smaller loss counts as the likeliest.
  var likeliestBelow: Float = 0

  init(
    contextLength: Int, vocabularySize: Int = 256,
    loss: @escaping @Sendable (ArraySlice<Int32>, Int32) -> Float
  ) throws {
    config = try tinyConfig(contextLength: contextLength, vocabularySize: vocabularySize)
    self.loss = loss
  }

  var weights: ParameterBuffer { ParameterBuffer(layout) }

  func scores(
    _ trees: ArraySlice<TextTree>, _ weights: ParameterBuffer, _ arena: Arena
  ) -> [TokenScore] {
    trees.flatMap { tree in
      precondition(tree.longest <= config.contextLength)
      return tree.branches.flatMap { branch in
        let text = tree.stem + branch.inputs
        return branch.targets.enumerated().compactMap { t, target -> TokenScore? in
          guard target >= 0 else { return nil }
          let loss = loss(text[...(tree.stem.count + t)], target)
          return TokenScore(loss: loss, isLikeliest: loss < likeliestBelow)
        }
      }
    }
  }

  func backpropagate(
    _ batch: TokenBatch, _ weights: ParameterBuffer, addingTo gradients: ParameterBuffer,
    scale: Float, zLoss: Float, _ arena: Arena
  ) -> LossSum {
    fatalError("nothing trains here")
  }
}

/// A two-layer model of width 16.
func tinyConfig(contextLength: Int, vocabularySize: Int = 256) throws -> ModelConfig {
  var options = ModelOptions()
  options.contextLength = contextLength
  options.layers = 2
  options.width = 16
  options.heads = 2
  return try ModelConfig(options, vocabularySize: vocabularySize)
}

/// English-like documents of invented words, with the words that tasks ask about among them.
func inventedDocuments(_ count: Int, marker: String = "") -> [String] {
  var random = RandomSource(seed: stableHash("documents" + marker))
  let syllables = ["ba", "de", "fi", "ko", "lu", "mar", "nes", "pol", "ri", "sta", "tu", "vel"]
  let small = [
    "the", "a", "an", "of", "in", "to", "by", "on", "at", "with", "from", "this", "these", "that",
    "those", "is", "are", "was", "were", "has", "have", "he", "it", "his", "its", "they", "them",
    "him", "her", "and", "or", "but", "as", "when", "if",
  ]
  func word() -> String {
    if random.uniform() < 0.4 { return small[random.integer(below: small.count)] }
    let parts = 2 + random.integer(below: 2)
    return marker
      + (0..<parts).map { _ in syllables[random.integer(below: syllables.count)] }.joined()
  }
  return (0..<count).map { _ in
    (0..<10).map { _ in
      let words = (0..<4 + random.integer(below: 10)).map { _ in word() }
      let first = words.dropLast().map { $0 + (random.uniform() < 0.1 ? "," : "") }
      return (first + words.suffix(1)).joined(separator: " ") + "."
    }.joined(separator: " ")
  }
}

/// A folder that is removed when the value goes away.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("overtrain-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

/// A corpus of bytes on disk: sets by name, each a list of documents.
func byteCorpus(
  in folder: URL, _ sets: [(name: String, purpose: CorpusManifest.Purpose, documents: [String])]
) throws -> TokenizedCorpus {
  let tokenizer = Tokenizer.bytes
  let tokenizerFile = folder.appendingPathComponent("bytes.json")
  try tokenizer.save(to: tokenizerFile)
  let adopted = try sets.map { set in
    var writer = ShardWriter(
      folder: folder.appendingPathComponent("raw"), name: set.name, vocabularySize: 256)
    for document in set.documents {
      try writer.append(tokenizer.encode(document) + [Int32(tokenizer.endOfText)])
    }
    let files = try writer.finish().map { folder.appendingPathComponent("raw/\($0.file)") }
    return TokenizedCorpus.AdoptedSet(name: set.name, purpose: set.purpose, files: files)
  }
  return try TokenizedCorpus.adopt(
    adopted, tokenizer: tokenizerFile, name: "toy", into: folder.appendingPathComponent("corpus"))
}
