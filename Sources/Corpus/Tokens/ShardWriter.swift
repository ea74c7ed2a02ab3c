import Experiment
import Foundation
import Kernels

/// Writes a set of tokens as files of at most `shardTokens` each: `NAME.bin`, or `NAME-000.bin`,
/// `NAME-001.bin`, … when one is not enough; with `.gz` when compressed.
///
/// Each file is written at once when it is full, durably, so there is never half a shard.
public struct ShardWriter {
  private let folder: URL
  private let name: String
  private let vocabularySize: Int
  private let compressed: Bool
  private let shardTokens: Int
  private var pending: [Int32] = []
  private var shards: [CorpusManifest.Shard] = []

  /// - Parameters:
  ///   - folder: where the files go; made if missing
  ///   - name: the name of the set
  ///   - vocabularySize: every token must be below it
  ///   - shardTokens: the most tokens of a file; they are held in memory until it is full
  public init(
    folder: URL, name: String, vocabularySize: Int, compressed: Bool = false,
    shardTokens: Int = 1 << 24
  ) {
    precondition(shardTokens > 0 && shardTokens <= Int32.max, "token count must fit the header")
    self.folder = folder
    self.name = name
    self.vocabularySize = vocabularySize
    self.compressed = compressed
    self.shardTokens = shardTokens
  }

  /// Adds `tokens` to the set.
  public mutating func append(_ tokens: [Int32]) throws(UserError) {
    for token in tokens {
      precondition(token >= 0 && token < vocabularySize, "token id outside the vocabulary")
    }
    var rest = tokens[...]
    while !rest.isEmpty {
      if pending.count == shardTokens { try flush(to: fileName(shards.count)) }
      let piece = rest.prefix(shardTokens - pending.count)
      pending += piece
      rest = rest.dropFirst(piece.count)
    }
  }

  /// Writes what is left, and gives the files of the set in order.
  public mutating func finish() throws(UserError) -> [CorpusManifest.Shard] {
    if shards.isEmpty {
      try flush(to: fileName(nil))
    } else if !pending.isEmpty {
      try flush(to: fileName(shards.count))
    }
    return shards
  }

  private func fileName(_ number: Int?) -> String {
    let suffix = number.map { String($0) }.map {
      "-" + String(repeating: "0", count: max(0, 3 - $0.count)) + $0
    }
    return name + (suffix ?? "") + ".bin" + (compressed ? ".gz" : "")
  }

  private mutating func flush(to file: String) throws(UserError) {
    var bytes = ShardFormat(vocabularySize: vocabularySize).encode(pending[...])
    if compressed { bytes = Gzip.compress(bytes) }
    try DurableFile.write(Data(bytes), to: folder.appendingPathComponent(file))
    let blocks = FileDigest(count: bytes.count) { bytes[$0] }.blocks
    shards.append(
      .init(
        file: file, tokens: pending.count, sha256: Checksum.sha256(of: bytes), blocks: blocks))
    pending.removeAll(keepingCapacity: true)
  }
}
