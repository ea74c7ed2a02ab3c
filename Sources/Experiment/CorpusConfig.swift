/// What a corpus is made of: a file of configs/corpora, or the command line.
///
/// What may be left out is optional; the computed properties beside give what holds then.
public struct CorpusConfig: Codable, Hashable, Sendable {
  /// How text becomes tokens.
  public struct Tokenizer: Codable, Hashable, Sendable {
    /// 256 is plain bytes, more is a byte-level BPE trained on the training documents.
    public var vocabularySize: Int
    /// Training text that the BPE is trained on; 8,000,000 when left out.
    public var sampleBytes: Int?
    /// Name of a corpus, made before, whose tokenizer is taken: then runs on either can be measured
    /// on both.
    public var corpus: String?

    /// - Parameters:
    ///   - vocabularySize: 256 for bytes
    ///   - sampleBytes: text that the BPE is trained on
    public init(vocabularySize: Int, sampleBytes: Int? = nil) {
      self.vocabularySize = vocabularySize
      self.sampleBytes = sampleBytes
    }
  }

  /// Where text comes from.
  public enum Registry: String, Codable, Sendable, CaseIterable {
    /// A Debian package, through apt.
    case debian
    /// Debian's package descriptions in the source's language, through apt.
    case debianDescriptions
    /// A Python package, through pip.
    case pypi
    /// A file or folder of the user's.
    case files
    /// The built-in generator.
    case synthetic
  }

  /// How the paragraphs lie in the files.
  public enum Format: String, Codable, Sendable, CaseIterable {
    /// By file name: HTML, man pages, POD and plain text; the rest is skipped.
    case documents
    /// Plain text: paragraphs end at blank lines.
    case text
    /// One JSON object a line, with the document in the source's `field`.
    case jsonl
    /// An object of objects, each with the document in the source's `field`.
    case json
    /// A dictionary of dictd, plain or gzip'd.
    case dictd
    /// dictd's edition of Webster's dictionary, with its marks of origin.
    case gcide
    /// WordNet's data files.
    case wordnet
    /// Modules of the SWORD project.
    case sword
    /// Entries between lines of `%`.
    case fortunes
    /// Strings of R's lazy-load data base.
    case rdb
    /// Source code, cut at blank lines.
    case code
    /// Debian's package descriptions.
    case descriptions
  }

  /// One origin of text.
  public struct Source: Codable, Hashable, Sendable {
    /// Where the text comes from; a package is Debian's, a path is read, when left out.
    public var registry: Registry?
    /// Names of a package in different releases; the first that exists is taken.
    public var package: [String]?
    /// The exact version of a Python package.
    public var version: String?
    /// A file or folder.
    public var path: String?
    /// How the text lies in the files; by file name when left out.
    public var format: Format?
    /// Take only files whose path ends like this.
    public var files: String?
    /// The key of the document in JSON.
    public var field: String?
    /// The set that the text feeds: `train`, or the name of a validation set of its own.
    public var set: String?
    /// `en`, `de`, `fr` or `es`, whose common words prose is known by; `en` when left out.
    public var language: String?
    /// The shortest paragraph of prose, 40 when left out.
    public var minimumCharacters: Int?
    /// The fewest words of a paragraph of prose, 6 when left out.
    public var minimumWords: Int?
    /// Whether short paragraphs must end like a sentence.
    public var sentences: Bool?
    /// Whether paragraphs that do not read like prose are dropped.
    public var proseOnly: Bool?
    /// Bytes to generate.
    public var bytes: Int?
    /// Decides the generated text.
    public var seed: UInt64?

    /// A source that says nothing yet.
    public init() {}

    /// `registry`, or what it is when left out.
    public var origin: Registry { registry ?? (path == nil ? .debian : .files) }
    /// The name of the training set.
    public static let trainingSet = "train"
    /// The set, `train` when left out.
    public var targetSet: String { self.set ?? Self.trainingSet }
    /// `en` when left out.
    public var writtenIn: String { language ?? "en" }
    /// What messages call the source.
    public var label: String {
      switch origin {
      case .debian, .pypi: package?.first ?? "?"
      case .debianDescriptions: "descriptions-\(writtenIn)"
      case .files: path ?? "?"
      case .synthetic: "synthetic"
      }
    }
  }

  /// The folder's name.
  public var name: String
  /// How text becomes tokens.
  public var tokenizer: Tokenizer
  /// Stop at this many bytes of training text: documents are then chosen by their hash, so that
  /// every source gives the same share.
  public var maximumTrainingBytes: Int?
  /// Share of the training sources' documents that is held out; 0.015 when left out.
  public var validationShare: Double?
  /// Share of the training sources' documents that tasks are made from; 0.03 when left out.
  public var taskShare: Double?
  /// Where the text comes from.
  public var sources: [Source]

  /// - Parameters:
  ///   - name: the folder's name
  ///   - tokenizer: how text becomes tokens
  ///   - sources: where text comes from
  public init(name: String, tokenizer: Tokenizer, sources: [Source]) {
    self.name = name
    self.tokenizer = tokenizer
    self.sources = sources
  }

  /// Checks every value.
  ///
  /// - Throws: `UserError` of kind `badConfig` whose location is the key.
  public func validate() throws(UserError) {
    func check(
      _ holds: Bool, _ what: String, at key: String = "sources", fix: String
    ) throws(UserError) {
      if !holds { throw UserError(.badConfig, what, at: key, fix: fix) }
    }
    func isFileName(_ text: String) -> Bool {
      1...64 ~= text.utf8.count
        && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }
    /// Neither a path nor an option of apt or pip.
    func isPackage(_ text: String) -> Bool {
      text.first?.isASCII == true && (text.first?.isLetter == true || text.first?.isNumber == true)
        && text.allSatisfy {
          $0.isASCII && ($0.isLetter || $0.isNumber || "+-._:~!".contains($0))
        }
    }
    try check(
      isFileName(name), "name is \"\(name)\"", at: "name",
      fix: "use letters, digits, - and _ (it names a folder)")
    try check(
      256...65_536 ~= tokenizer.vocabularySize, "vocabularySize is \(tokenizer.vocabularySize)",
      at: "tokenizer.vocabularySize", fix: "use 256 (bytes) to 65,536")
    try check(
      tokenizer.corpus.map { isFileName($0) && $0 != name } ?? true,
      "tokenizer.corpus is \"\(tokenizer.corpus ?? "")\"", at: "tokenizer.corpus",
      fix: "name another corpus, made before this one")
    for (key, value) in [("validationShare", validationShare), ("taskShare", taskShare)] {
      try check(
        0...0.4 ~= (value ?? 0), "\(key) is \(value ?? 0)", at: key,
        fix: "use a share from 0 to 0.4")
    }
    for (key, value) in [
      ("maximumTrainingBytes", maximumTrainingBytes),
      ("tokenizer.sampleBytes", tokenizer.sampleBytes),
    ] {
      try check(
        (value ?? 1) > 0, "\(value ?? 0) bytes are none", at: key, fix: "use a positive number")
    }
    try check(
      sources.contains { $0.targetSet == Source.trainingSet }, "no source feeds the training set",
      fix: "list at least one source without `set:` under `sources:`")
    for source in sources {
      let label = source.label
      for name in (source.package ?? []) + [source.version, source.language].compactMap(\.self) {
        try check(
          isPackage(name), "\"\(name)\" names no package, version or language",
          fix: "write it as the archive does")
      }
      try check(
        isFileName(source.targetSet) && !["val", "tasks"].contains(source.targetSet),
        "set \"\(source.targetSet)\" of source \(label) cannot be used",
        fix: "use letters, digits, - and _, and neither val nor tasks")
      switch source.origin {
      case .debian, .pypi:
        try check(
          source.package?.isEmpty == false, "source without a package",
          fix: "say `package: [NAME]`, or `path:` for text of your own")
      case .files:
        try check(source.path != nil, "source of files without a path", fix: "say `path:`")
      case .synthetic:
        try check(
          (source.bytes ?? 0) > 0, "synthetic source without a size", fix: "say `bytes:`")
      case .debianDescriptions: break
      }
      try check(
        source.format != .jsonl && source.format != .json || source.field != nil,
        "source \(label) has JSON but no field", fix: "say `field: text`")
    }
  }
}
