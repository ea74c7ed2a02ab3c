import Experiment
import Foundation

/// Writes the parts of a corpus as tokens, the manifest last.
struct CorpusWriter {
  let folder: URL
  let config: CorpusConfig

  /// - Parameter tokenizer: another corpus's; trained on this one's text if nil
  func write(
    _ parts: CorpusParts, _ sources: [PreparedSource], tokenizer other: Tokenizer?,
    progress: (String) -> Void
  ) throws(UserError) -> CorpusManifest {
    var sets: [(name: String, purpose: CorpusManifest.Purpose, documents: [TextDocument])] = [
      (CorpusConfig.Source.trainingSet, .training, parts.training)
    ]
    if config.validationShare != 0 { sets.append(("val", .validation, parts.validation)) }
    sets += parts.others.map { ($0.name, .outOfDistribution, $0.documents) }
    try checkNotEmpty(sets.map { ($0.name, $0.documents.isEmpty) })

    let tokenizer =
      if let other { other } else { try tokenizer(for: parts.training, progress: progress) }
    let tokenizerFile = folder.appendingPathComponent("tokenizer.json")
    try tokenizer.save(to: tokenizerFile)
    var tokenSets: [CorpusManifest.TokenSet] = []
    for set in sets {
      progress("writing \(set.name)")
      tokenSets.append(try write(set.documents, set.name, set.purpose, tokenizer))
    }
    let tasks = try writeTasks(parts.tasks)
    let manifest = CorpusManifest(
      name: config.name, vocabularySize: tokenizer.vocabularySize,
      tokenizerSHA256: try Downloads.sha256(tokenizerFile), endOfText: tokenizer.endOfText,
      sets: tokenSets, taskDocuments: parts.tasks.count, taskSHA256: tasks,
      sources: zip(sources, parts.yields).map { source, yield in
        CorpusManifest.Source(
          set: source.source.targetSet, name: source.name, version: source.version,
          sha256: source.sha256, licence: source.licence, bytes: yield.bytes,
          documents: yield.documents)
      }, nearDuplicatesLeft: parts.nearDuplicatesLeft)
    try DurableFile.write(json: config, to: folder.appendingPathComponent("config.json"))
    try DurableFile.write(json: manifest, to: folder.appendingPathComponent("manifest.json"))
    return manifest
  }

  /// A set that the config names, or that a run measures, must have text.
  private func checkNotEmpty(_ sets: [(name: String, isEmpty: Bool)]) throws(UserError) {
    let named = Set(config.sources.map(\.targetSet))
    let missing = named.subtracting(sets.map(\.name)).sorted()
    guard let empty = sets.first(where: \.isEmpty)?.name ?? missing.first else { return }
    throw UserError(
      .badData, "set \"\(empty)\" has no text", at: "corpus \(config.name)",
      fix: empty == "val"
        ? "give more text or a larger `validationShare:`"
        : "see the warnings above; give it another source, or take it out of the config")
  }

  private func tokenizer(
    for training: [TextDocument], progress: (String) -> Void
  ) throws(UserError) -> Tokenizer {
    guard config.tokenizer.vocabularySize > 256 else { return .bytes }
    progress("training the tokenizer")
    var bytes = config.tokenizer.sampleBytes ?? 8_000_000
    let sample = training.prefix {
      bytes -= $0.byteCount
      return bytes >= 0
    }
    return try BPETrainer.train(
      documents: (sample.isEmpty ? training[...] : sample).lazy.map(\.text),
      vocabularySize: config.tokenizer.vocabularySize)
  }

  private func write(
    _ documents: [TextDocument], _ name: String, _ purpose: CorpusManifest.Purpose,
    _ tokenizer: Tokenizer
  ) throws(UserError) -> CorpusManifest.TokenSet {
    var writer = ShardWriter(
      folder: folder, name: name, vocabularySize: tokenizer.vocabularySize)
    var tokens = 0
    // A few thousand documents at a time bound the memory.
    for first in stride(from: 0, to: documents.count, by: 4_096) {
      let batch = documents[first..<min(first + 4_096, documents.count)]
      let pieces = concurrentPieces(batch.count)
      let encoded = concurrentMap(pieces.count) { piece in
        var output: [Int32] = []
        for i in pieces[piece] {
          tokenizer.encode(batch[batch.startIndex + i].text, into: &output)
          output.append(Int32(tokenizer.endOfText))
        }
        return output
      }
      for piece in encoded {
        tokens += piece.count
        try writer.append(piece)
      }
    }
    return CorpusManifest.TokenSet(
      name: name, purpose: purpose, documents: documents.count,
      bytes: documents.reduce(0) { $0 + $1.byteCount }, tokens: tokens,
      shards: try writer.finish())
  }

  /// Writes the task pool, one document a line, and returns the file's hash.
  private func writeTasks(_ documents: [TextDocument]) throws(UserError) -> String? {
    struct Line: Encodable {
      let text: String
    }
    guard !documents.isEmpty else { return nil }
    let file = folder.appendingPathComponent("tasks.jsonl")
    var data = Data()
    do {
      for document in documents {
        let line = Line(text: String(decoding: document.text, as: UTF8.self))
        data.append(try StableJSON.encode(line, pretty: false))
        data.append(10)
      }
    } catch { throw UserError(.failure, "cannot encode: \(error)", at: file.path) }
    try DurableFile.write(data, to: file)
    return try Downloads.sha256(file)
  }
}
