import Experiment
import Foundation

/// A source's documents before anything is compared with other sources.
struct PreparedSource: Sendable {
  let source: CorpusConfig.Source
  let name: String
  let version: String
  let sha256: String
  let licence: String
  let documents: [TextDocument]
  /// Bytes of paragraphs as extracted.
  let extractedBytes: Int

  /// Unpacks, extracts and cleans.
  ///
  /// - Parameter folder: for unpacked files, which are removed again
  init(_ fetched: FetchedSource, downloads: Downloads, folder: URL) throws(UserError) {
    source = fetched.source
    name = fetched.name
    let extracted: [[Bytes]]
    switch source.origin {
    case .synthetic:
      (extracted, licence) = (Self.generated(source), "none needed: generated")
      (version, sha256) = ("seed \(source.seed ?? 0)", "")
    case .files:
      let files = try SourceFile.all(in: URL(fileURLWithPath: source.path ?? ""))
      extracted = try extractedDocuments(source, files)
      licence = "the user's"
      var hashes = ""
      for file in files { hashes += try Downloads.sha256(file.url) }
      (version, sha256) = ("", Checksum.sha256(of: Data(hashes.utf8)))
    case .debian, .pypi, .debianDescriptions:
      guard let item = fetched.item else { preconditionFailure("fetched without a file") }
      (version, sha256) = (item.version, item.sha256)
      let file = downloads.url(item)
      if source.origin == .debianDescriptions {
        licence = "as the packages described"
        extracted = try extractedDocuments(source, try SourceFile.all(in: file))
      } else {
        defer { try? FileManager.default.removeItem(at: folder) }
        try unpack(file, into: folder)
        let files = try SourceFile.all(in: folder)
        licence = try Corpus.licence(ofPackage: name, in: files)
        extracted = try extractedDocuments(source, files)
      }
    }
    extractedBytes = extracted.joined().reduce(0) { $0 + $1.count + 1 }
    documents = cleanedDocuments(extracted, source)
  }

  private static func generated(_ source: CorpusConfig.Source) -> [[Bytes]] {
    let seed = source.seed ?? 0
    return SyntheticSource(seed: seed)
      .documents(bytes: source.bytes ?? 0, seed: Seeds.derive(seed, source.targetSet))
      .map { [$0] }
  }
}
