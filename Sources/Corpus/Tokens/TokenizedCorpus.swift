import Experiment
import Foundation
import Kernels

/// A folder of tokens: manifest, tokenizer, shards and task documents.
public struct TokenizedCorpus: Sendable {
  /// What the folder holds.
  public let manifest: CorpusManifest
  /// What made the tokens.
  public let tokenizer: Tokenizer
  /// Where it lies.
  public let folder: URL

  /// Opens the corpus in `folder` and checks that every file has the right size and header.
  ///
  /// - Parameter verifying: read every byte as well: SHA-256 of each file, each token id below V
  /// - Throws: `UserError`: `missingInput` without a corpus, `badData` with file and byte offset
  public init(opening folder: URL, verifying: Bool = false) throws(UserError) {
    let manifestURL = folder.appendingPathComponent("manifest.json")
    guard FileManager.default.fileExists(atPath: manifestURL.path) else {
      throw UserError(
        .missingInput, "no corpus here: manifest.json is missing", at: folder.path,
        fix: "make it with `overtrain data` (see `overtrain data --help`)")
    }
    let manifest = try StableJSON.decode(CorpusManifest.self, from: manifestURL)
    guard 1...sealedVersion ~= manifest.version else {
      throw UserError(
        .badData,
        "corpus format version \(manifest.version), but only 1 to \(sealedVersion) are known",
        at: manifestURL.path, fix: "make the corpus again with this version of overtrain")
    }
    for shard in manifest.sets.flatMap(\.shards) where !shard.file.isPlainFileName {
      throw UserError(
        .badData, "shard \"\(shard.file)\" does not lie in the corpus folder",
        at: manifestURL.path, fix: "get the corpus from someone you trust")
    }
    self.manifest = manifest
    self.folder = folder
    tokenizer = try TokenizedCorpus.tokenizer(of: manifest, in: folder)
    for set in manifest.sets {
      guard set.shards.allSatisfy({ (0...Int(Int32.max)).contains($0.tokens) }),
        set.tokens == set.shards.reduce(0, { $0 + $1.tokens })
      else {
        throw UserError(
          .badData, "the shards of set '\(set.name)' do not sum to its \(set.tokens) tokens",
          at: manifestURL.path, fix: ShardFormat.fix)
      }
      for shard in set.shards where verifying || !shard.isCompressed {
        try open(shard, verifying: verifying)
      }
    }
    if verifying { _ = try taskDocuments() }
  }

  /// The tokens of the set named `set`, mapped into memory; compressed shards are inflated.
  public func tokens(of set: String) throws(UserError) -> TokenSequence {
    guard let entry = manifest.sets.first(where: { $0.name == set }) else {
      throw UserError(
        .badConfig, "the corpus has no set '\(set)'", at: folder.path,
        fix: "choose one of \(manifest.sets.map(\.name).joined(separator: ", "))")
    }
    var files: [MappedFile] = []
    for shard in entry.shards { files.append(try open(shard, verifying: false)) }
    return TokenSequence(files, format: ShardFormat(vocabularySize: manifest.vocabularySize))
  }

  /// The documents of the task pool, none if the corpus has no pool.
  public func taskDocuments() throws(UserError) -> [String] {
    guard let expected = manifest.taskSHA256 else { return [] }
    let url = folder.appendingPathComponent("tasks.jsonl")
    let data = try TokenizedCorpus.read(url)
    try TokenizedCorpus.check(FileDigest.whole(expected).damage(to: data), url)
    struct Document: Decodable {
      let text: String
    }
    let decoder = JSONDecoder()
    var documents: [String] = []
    for (number, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() {
      do { documents.append(try decoder.decode(Document.self, from: line).text) } catch {
        throw UserError(
          .badData, #"not a line of the form {"text": …}: \#(error)"#,
          at: "\(url.path):\(number + 1)", fix: ShardFormat.fix)
      }
    }
    guard documents.count == manifest.taskDocuments else {
      throw UserError(
        .badData, "\(documents.count) documents, but the manifest has \(manifest.taskDocuments)",
        at: url.path, fix: ShardFormat.fix)
    }
    return documents
  }

  /// Documents of the training set, as they are cut into paragraphs.
  func trainingDocuments() throws(UserError) -> [TextDocument] { try documents(of: .training) }
  /// Documents of the validation split.
  func validationDocuments() throws(UserError) -> [TextDocument] { try documents(of: .validation) }
  /// Documents of the task pool.
  func taskPool() throws(UserError) -> [TextDocument] {
    try taskDocuments().map { TextDocument(lines: Array($0.utf8)) }
  }

  private func documents(
    of purpose: CorpusManifest.Purpose
  ) throws(UserError) -> [TextDocument] {
    var documents: [TextDocument] = []
    for set in manifest.sets where set.purpose == purpose {
      let sequence = try tokens(of: set.name)
      var ids = [Int32](repeating: 0, count: sequence.count)
      sequence.copy(from: 0, count: ids.count, into: &ids, at: 0)
      for document in ids.split(separator: Int32(tokenizer.endOfText)) {
        documents.append(TextDocument(lines: tokenizer.decode(Array(document))))
      }
    }
    return documents
  }

  /// The contents of a shard with header, length and, if `verifying`, every byte checked.
  @discardableResult
  private func open(
    _ shard: CorpusManifest.Shard, verifying: Bool
  ) throws(UserError) -> MappedFile {
    let url = folder.appendingPathComponent(shard.file)
    let format = ShardFormat(vocabularySize: manifest.vocabularySize)
    let file = try MappedFile.open(url)
    let contents =
      shard.isCompressed
      ? try file.inflated(
        named: url.path, limit: ShardFormat.headerBytes + shard.tokens * format.width) : file
    _ = try format.tokenCount(of: contents, named: url.path, expecting: shard.tokens)
    if verifying {
      try format.checkTokens(of: contents, named: url.path, below: manifest.vocabularySize)
      try TokenizedCorpus.check(
        shard.digest.damage(count: file.count, bytes: file.bytes(in:)), url)
    }
    return contents
  }

  private static func tokenizer(
    of manifest: CorpusManifest, in folder: URL
  ) throws(UserError) -> Tokenizer {
    let url = folder.appendingPathComponent("tokenizer.json")
    let data = try read(url)
    try check(FileDigest.whole(manifest.tokenizerSHA256).damage(to: data), url)
    let tokenizer = try Tokenizer(contentsOf: url)
    guard tokenizer.vocabularySize == manifest.vocabularySize,
      tokenizer.endOfText == manifest.endOfText
    else {
      throw UserError(
        .badData,
        "the tokenizer has \(tokenizer.vocabularySize) tokens and end-of-text \(tokenizer.endOfText), "
          + "but the manifest \(manifest.vocabularySize) and \(manifest.endOfText)",
        at: url.path, fix: ShardFormat.fix)
    }
    return tokenizer
  }

  private static func read(_ url: URL) throws(UserError) -> Data {
    do { return try Data(contentsOf: url) } catch {
      throw UserError(
        .missingInput, "cannot read: \(error.localizedDescription)", at: url.path,
        fix: "remove the corpus folder and make it again with `overtrain data`")
    }
  }

  private static func check(_ damage: Range<Int>?, _ url: URL) throws(UserError) {
    guard let damage else { return }
    throw UserError(
      .badData, "altered: the SHA-256 of these bytes is not the manifest's",
      at: "\(url.path), bytes \(damage.lowerBound) to \(damage.upperBound)", fix: ShardFormat.fix)
  }
}

extension CorpusManifest.Shard {
  /// Whether the file is gzip'd.
  var isCompressed: Bool { file.hasSuffix(".gz") }
}

extension MappedFile {
  /// Maps `url`, with the user's view of a failure.
  static func open(_ url: URL) throws(UserError) -> MappedFile {
    do { return try MappedFile(url) } catch {
      throw UserError(
        .missingInput, "cannot open: \(error)", at: url.path,
        fix: "check the path; if a corpus file is gone, remove the folder and make it again")
    }
  }

  /// What the gzip file holds, in memory.
  func inflated(named name: String, limit: Int) throws(UserError) -> MappedFile {
    let bytes: [UInt8]
    do { bytes = try Gzip.decompress(self.bytes(in: 0..<count), limit: limit) } catch {
      let offset: Int
      switch error {
      case .corrupt(let position): offset = position
      case .truncated, .tooLarge: offset = count
      }
      throw ShardFormat.error("\(error)", name, offset)
    }
    do { return try MappedFile(copying: bytes) } catch {
      throw UserError(.failure, "no memory for \(bytes.count) bytes: \(error)", at: name)
    }
  }
}
