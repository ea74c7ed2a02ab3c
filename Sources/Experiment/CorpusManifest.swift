/// What lies in a corpus folder: written last, so a folder with a manifest is complete.
public struct CorpusManifest: Codable, Sendable, Equatable {
  /// What a set is for.
  public enum Purpose: String, Codable, Sendable {
    case training
    /// held-out documents of the training distribution
    case validation
    /// documents of another distribution
    case outOfDistribution
  }

  /// One file of tokens.
  public struct Shard: Codable, Sendable, Equatable {
    /// File name in the corpus folder.
    public let file: String
    /// How many tokens.
    public let tokens: Int
    /// SHA-256 of the file, in hexadecimal.
    public let sha256: String
    /// SHA-256 of each MiB of a longer file; nil in corpora from before they were written.
    public let blocks: [String]?

    /// All fields, in order.
    public init(file: String, tokens: Int, sha256: String, blocks: [String]? = nil) {
      self.file = file
      self.tokens = tokens
      self.sha256 = sha256
      self.blocks = blocks
    }

    /// What tells whether the file has changed, and where.
    public var digest: FileDigest { blocks.map { .blocks($0) } ?? .whole(sha256) }
  }

  /// A set of documents as tokens.
  public struct TokenSet: Codable, Sendable, Equatable {
    /// `train`, `val`, `german`, ….
    public let name: String
    /// What the set is for.
    public let purpose: Purpose
    /// How many documents.
    public let documents: Int
    /// UTF-8 bytes of the documents, separators not counted.
    public let bytes: Int
    /// Tokens, one end-of-text token per document among them.
    public let tokens: Int
    /// The files, in order.
    public let shards: [Shard]

    /// All fields, in order.
    public init(
      name: String, purpose: Purpose, documents: Int, bytes: Int, tokens: Int, shards: [Shard]
    ) {
      self.name = name
      self.purpose = purpose
      self.documents = documents
      self.bytes = bytes
      self.tokens = tokens
      self.shards = shards
    }
  }

  /// Where text came from.
  public struct Source: Codable, Sendable, Equatable {
    /// The set that it feeds.
    public let set: String
    /// Package or path.
    public let name: String
    /// Version, as the package manager names it.
    public let version: String
    /// SHA-256 of the downloaded file or of the text read.
    public let sha256: String
    /// Licence, as the package states it.
    public let licence: String
    /// Bytes kept after cleaning and exact de-duplication.
    public let bytes: Int
    /// How many documents.
    public let documents: Int

    /// All fields, in order.
    public init(
      set: String, name: String, version: String, sha256: String, licence: String, bytes: Int,
      documents: Int
    ) {
      self.set = set
      self.name = name
      self.version = version
      self.sha256 = sha256
      self.licence = licence
      self.bytes = bytes
      self.documents = documents
    }
  }

  /// Version of this format.
  public var version = sealedVersion
  /// Name, as in its folder.
  public let name: String
  /// V: token ids are 0..<V.
  public let vocabularySize: Int
  /// SHA-256 of `tokenizer.json`.
  public let tokenizerSHA256: String
  /// The token between documents.
  public let endOfText: Int
  /// The sets of tokens.
  public let sets: [TokenSet]
  /// Documents of the task pool (`tasks.jsonl`), never trained on.
  public let taskDocuments: Int
  /// SHA-256 of `tasks.jsonl`; nil without a task pool.
  public let taskSHA256: String?
  /// Where the text came from.
  public let sources: [Source]
  /// Share of held-out paragraphs, by set, that still have an n-gram in common with training text.
  public let nearDuplicatesLeft: [String: Double]

  /// All fields, in order.
  public init(
    name: String, vocabularySize: Int, tokenizerSHA256: String, endOfText: Int,
    sets: [TokenSet], taskDocuments: Int, taskSHA256: String?, sources: [Source],
    nearDuplicatesLeft: [String: Double]
  ) {
    self.name = name
    self.vocabularySize = vocabularySize
    self.tokenizerSHA256 = tokenizerSHA256
    self.endOfText = endOfText
    self.sets = sets
    self.taskDocuments = taskDocuments
    self.taskSHA256 = taskSHA256
    self.sources = sources
    self.nearDuplicatesLeft = nearDuplicatesLeft
  }

  /// The training set's tokens: all unique, since documents are de-duplicated.
  public var trainingTokens: Int {
    sets.first { $0.purpose == .training }?.tokens ?? 0
  }

  /// A hash over shards, tokenizer and task pool: changes when any token that a run sees does.
  public var fingerprint: String {
    let parts =
      [tokenizerSHA256, taskSHA256 ?? ""] + sets.flatMap { $0.shards.map(\.sha256) }
    return stableHash(parts.joined(separator: "\n")).hexadecimal
  }
}
