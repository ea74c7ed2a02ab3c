import Experiment
import Foundation
import Kernels

extension TokenizedCorpus {
  /// Ready-made token files that become a set of a corpus.
  public struct AdoptedSet: Sendable {
    let name: String
    let purpose: CorpusManifest.Purpose
    let files: [URL]
    let licence: String

    /// - Parameter files: in order; each is in llm.c's layout or nanoGPT's (bare 16-bit numbers),
    ///   gzip'd or not, which is seen from the file itself
    public init(
      name: String, purpose: CorpusManifest.Purpose, files: [URL], licence: String = "unknown"
    ) {
      self.name = name
      self.purpose = purpose
      self.files = files
      self.licence = licence
    }
  }

  /// Makes a corpus in `folder` from ready-made shards and the `tokenizer.json` that made them.
  ///
  /// The shards are copied into the corpus's own layout, so that one check and one loader serve
  /// all; every token id is checked on the way. The manifest comes last.
  public static func adopt(
    _ sets: [AdoptedSet], tokenizer tokenizerURL: URL, name: String, into folder: URL,
    compressed: Bool = false, shardTokens: Int = 1 << 24
  ) throws(UserError) -> TokenizedCorpus {
    let tokenizer = try Tokenizer(contentsOf: tokenizerURL)
    let copy = folder.appendingPathComponent("tokenizer.json")
    let contents = try MappedFile.open(tokenizerURL)
    try DurableFile.write(Data(contents.bytes(in: 0..<contents.count)), to: copy)

    var tokenSets: [CorpusManifest.TokenSet] = []
    var sources: [CorpusManifest.Source] = []
    for set in sets {
      var writer = ShardWriter(
        folder: folder, name: set.name, vocabularySize: tokenizer.vocabularySize,
        compressed: compressed, shardTokens: shardTokens)
      var total = Tally()
      for url in set.files {
        let file = try MappedFile.open(url)
        let tally = try adopt(file, url, tokenizer, &writer)
        total.add(tally)
        sources.append(
          .init(
            set: set.name, name: url.path, version: "", sha256: Checksum.sha256(of: file),
            licence: set.licence, bytes: tally.bytes, documents: tally.documents))
      }
      tokenSets.append(
        .init(
          name: set.name, purpose: set.purpose, documents: total.documents, bytes: total.bytes,
          tokens: total.tokens, shards: try writer.finish()))
    }
    let manifest = CorpusManifest(
      name: name, vocabularySize: tokenizer.vocabularySize,
      tokenizerSHA256: Checksum.sha256(of: contents), endOfText: tokenizer.endOfText,
      sets: tokenSets, taskDocuments: 0, taskSHA256: nil, sources: sources, nearDuplicatesLeft: [:])
    try DurableFile.write(json: manifest, to: folder.appendingPathComponent("manifest.json"))
    return try TokenizedCorpus(opening: folder)
  }

  private struct Tally {
    var tokens = 0
    var documents = 0
    var bytes = 0

    mutating func add(_ other: Tally) {
      tokens += other.tokens
      documents += other.documents
      bytes += other.bytes
    }
  }

  /// Copies one file, whatever its layout.
  private static func adopt(
    _ file: MappedFile, _ url: URL, _ tokenizer: Tokenizer, _ writer: inout ShardWriter
  ) throws(UserError) -> Tally {
    let format = ShardFormat(vocabularySize: tokenizer.vocabularySize)
    let isGzip = file.count >= 2 && file.bytes(in: 0..<2) == [0x1f, 0x8b]
    let contents = isGzip ? try file.inflated(named: url.path, limit: 1 << 34) : file
    var magic: [Int32] = [0]
    if contents.count >= 4 { contents.copyUInt32(at: 0, count: 1, into: &magic, at: 0) }
    let header = magic[0] == ShardFormat.magic ? ShardFormat.headerBytes : 0
    if header > 0 { _ = try format.tokenCount(of: contents, named: url.path) }
    guard (contents.count - header).isMultiple(of: format.width) else {
      throw UserError(
        .badData, "an odd number of bytes is not a sequence of 16-bit tokens",
        at: "\(url.path), byte \(contents.count)",
        fix: "give llm.c shards or nanoGPT's bare 16-bit token files")
    }
    try format.checkTokens(
      of: contents, named: url.path, below: tokenizer.vocabularySize, header: header)

    var tally = Tally(tokens: (contents.count - header) / format.width)
    for first in stride(from: 0, to: tally.tokens, by: 1 << 20) {
      var chunk = [Int32](repeating: 0, count: min(1 << 20, tally.tokens - first))
      format.copy(
        from: contents, at: first, count: chunk.count, into: &chunk, at: 0, header: header)
      for token in chunk {
        tally.bytes += tokenizer.byteCounts[Int(token)]
        if Int(token) == tokenizer.endOfText { tally.documents += 1 }
      }
      try writer.append(chunk)
    }
    return tally
  }
}
