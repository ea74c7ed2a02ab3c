import Experiment
import Foundation

/// Makes a corpus: fetch, extract, clean, de-duplicate, split, tokenize, write.
///
/// The folder appears under its name by one rename when it is complete. After a kill the same call
/// goes on: downloads are kept, the rest, a matter of seconds, is done again.
public struct CorpusBuilder: Sendable {
  /// What to make.
  public let config: CorpusConfig
  /// Where it goes.
  public let folder: URL
  private let downloads: Downloads

  /// - Parameters:
  ///   - corpora: the folder of corpora, in which one named as the config is made
  ///   - downloads: where downloaded packages are kept
  /// - Throws: `UserError` of kind `badConfig` for values that cannot be used.
  public init(_ config: CorpusConfig, corpora: URL, downloads: URL) throws(UserError) {
    try config.validate()
    self.config = config
    folder = corpora.appendingPathComponent(config.name)
    self.downloads = Downloads(folder: downloads)
  }

  /// The manifest of the finished corpus, nil while there is none.
  ///
  /// - Throws: `UserError` of kind `badConfig` when the folder was made from another config.
  public func existing() throws(UserError) -> CorpusManifest? {
    let manifest = folder.appendingPathComponent("manifest.json")
    guard FileManager.default.fileExists(atPath: manifest.path) else { return nil }
    let made = folder.appendingPathComponent("config.json")
    if FileManager.default.fileExists(atPath: made.path),
      try StableJSON.decode(CorpusConfig.self, from: made) != config
    {
      throw UserError(
        .badConfig, "this corpus was made from another config", at: folder.path,
        fix: "delete the folder to make it again, or give the config another `name:`")
    }
    return try StableJSON.decode(CorpusManifest.self, from: manifest)
  }

  /// What `build` would download, found out without a network.
  public func plannedDownloads() throws(UserError) -> [PlannedDownload] {
    try Fetching(downloads: downloads).plan(config.sources)
  }

  /// The corpus, made if it is not there yet.
  ///
  /// - Parameter progress: is given a line of text at each step
  public func build(progress: (String) -> Void) throws(UserError) -> CorpusManifest {
    let corpora = folder.deletingLastPathComponent()
    let lock = try FileLock(corpora.appendingPathComponent(".\(config.name).lock")) { holder in
      progress("another process (\(holder)) is making corpus \(config.name): waiting for it")
    }
    defer { withExtendedLifetime(lock) {} }
    if let manifest = try existing() { return manifest }
    let partial = corpora.appendingPathComponent(".\(config.name).partial")
    try freshFolder(partial)
    let other = try tokenizerCorpus()
    let sources = try prepare(in: partial, progress: progress)
    progress("removing duplicates")
    var parts = CorpusParts(sources.map { ($0.source, $0.documents) }, config)
    if let other {
      try parts.removeTraining(
        sharedWith: [other.validationDocuments(), other.taskPool()], of: other.manifest.name)
    }
    try parts.removeNearDuplicates(of: other?.trainingDocuments() ?? [])
    if let other, let count = parts.trainingDropped[other.manifest.name], count > 0 {
      progress("train: \(count) paragraphs that \(other.manifest.name) holds out left out")
    }
    for (set, count) in parts.nearDuplicatesDropped.sorted(by: { $0.key < $1.key }) where count > 0
    {
      progress("\(set): \(count) paragraphs with 13 words in a row of training text left out")
    }
    let manifest = try CorpusWriter(folder: partial, config: config).write(
      parts, sources, tokenizer: other?.tokenizer, progress: progress)
    do {
      if FileManager.default.fileExists(atPath: folder.path) {
        try FileManager.default.removeItem(at: folder)
      }
      try DurableFile.move(partial, to: folder)
    } catch { throw DurableFile.ioError(error, writing: folder) }
    return manifest
  }

  /// The corpus whose tokenizer is taken, if the config names one.
  private func tokenizerCorpus() throws(UserError) -> TokenizedCorpus? {
    guard let name = config.tokenizer.corpus else { return nil }
    let corpus = try TokenizedCorpus(
      opening: folder.deletingLastPathComponent().appendingPathComponent(name), verifying: true)
    guard corpus.manifest.vocabularySize == config.tokenizer.vocabularySize else {
      throw UserError(
        .badConfig,
        "the tokenizer of \(name) has \(corpus.manifest.vocabularySize) tokens, not "
          + "\(config.tokenizer.vocabularySize)", at: "tokenizer.vocabularySize",
        fix: "say vocabularySize: \(corpus.manifest.vocabularySize)")
    }
    return corpus
  }

  private func prepare(
    in partial: URL, progress: (String) -> Void
  ) throws(UserError) -> [PreparedSource] {
    let fetched: [FetchedSource]
    do {
      let lock = try FileLock(downloads.folder.appendingPathComponent(".lock")) { holder in
        progress("another process (\(holder)) is downloading: waiting for it")
      }
      defer { withExtendedLifetime(lock) {} }
      fetched = try Fetching(downloads: downloads).fetch(config.sources, progress: progress)
    }
    progress("extracting text from \(fetched.count) sources")
    let downloads = downloads
    let results = concurrentMap(fetched.count) { i -> Result<PreparedSource, UserError> in
      do throws(UserError) {
        let folder = partial.appendingPathComponent("unpacked-\(i)")
        return .success(try PreparedSource(fetched[i], downloads: downloads, folder: folder))
      } catch { return .failure(error) }
    }
    var sources: [PreparedSource] = []
    for result in results {
      let source = try result.get()
      if source.documents.isEmpty {
        progress("warning: no text in \(source.name), or none that passes the filter")
      }
      sources.append(source)
    }
    return sources
  }
}
