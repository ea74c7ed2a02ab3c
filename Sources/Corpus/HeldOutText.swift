import Experiment
import Foundation
import Kernels

/// Text of the user's as tokens: a validation set beside any corpus.
public struct HeldOutText: Sendable {
  /// Its name, documents, bytes and tokens; no shards.
  public let set: CorpusManifest.TokenSet
  /// The documents, each with an end-of-text token behind it.
  public let tokens: TokenSequence

  /// Reads a file or folder of plain text, HTML or jsonl, gzip'd or not, as `overtrain data --text`
  /// does.
  ///
  /// - Parameters:
  ///   - path: the set is named by its last part, without the ending
  ///   - field: the key of the text in jsonl
  /// - Throws: `UserError` with the file, and the line of jsonl.
  public init(_ path: URL, field: String = "text", tokenizer: Tokenizer) throws(UserError) {
    var source = CorpusConfig.Source()
    source.path = path.path
    source.field = field
    let files = try SourceFile.all(in: path)
    let documents = cleanedDocuments(try extractedDocuments(source, files), source)
    guard !documents.isEmpty else {
      throw UserError(
        .badData, "there is no text", at: path.path, fix: "give plain text, HTML or jsonl")
    }
    var ids: [Int32] = []
    for document in documents {
      tokenizer.encode(document.text, into: &ids)
      ids.append(Int32(tokenizer.endOfText))
    }
    let format = ShardFormat(vocabularySize: tokenizer.vocabularySize)
    do {
      let shard = try MappedFile(copying: format.encode(ids[...]))
      tokens = TokenSequence([shard], format: format)
    } catch { throw UserError(.failure, "no memory for the text: \(error)", at: path.path) }
    set = CorpusManifest.TokenSet(
      name: path.deletingPathExtension().lastPathComponent, purpose: .outOfDistribution,
      documents: documents.count, bytes: documents.reduce(0) { $0 + $1.byteCount },
      tokens: ids.count, shards: [])
  }
}
