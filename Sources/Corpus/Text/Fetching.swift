import Experiment
import Foundation

/// Where the files of a source are.
struct FetchedSource: Sendable {
  let source: CorpusConfig.Source
  /// The package that was found, or the path.
  let name: String
  /// The file that was downloaded; nil for the user's own files and the generator.
  let item: Downloads.Item?
}

/// What a source costs to get.
public struct PlannedDownload: Codable, Sendable, Equatable {
  /// Package or path.
  public let name: String
  /// Empty when not known.
  public let version: String
  /// Nil when no list at hand knows it.
  public let bytes: Int?
  /// Whether it is here already.
  public let isPresent: Bool
}

/// Gets the files of sources, downloading only what is not kept yet.
struct Fetching: Sendable {
  let downloads: Downloads
  private var apt: AptPackages { AptPackages(downloads: downloads) }

  /// The sources that can be had, in order; a message for each that cannot.
  func fetch(
    _ sources: [CorpusConfig.Source], progress: (String) -> Void
  ) throws(UserError) -> [FetchedSource] {
    let debian = try debianItems(sources, progress: progress)
    var result: [FetchedSource] = []
    for source in sources {
      switch source.origin {
      case .files, .synthetic:
        result.append(FetchedSource(source: source, name: source.label, item: nil))
      case .debian:
        guard let found = source.package?.first(where: { debian[$0] != nil }) else {
          let names = source.package?.joined(separator: ", ") ?? ""
          progress("warning: \(names): not in this system's archives; left out")
          continue
        }
        result.append(FetchedSource(source: source, name: found, item: debian[found]))
      case .debianDescriptions:
        let item = try apt.descriptions(source.writtenIn, progress: progress)
        result.append(FetchedSource(source: source, name: source.label, item: item))
      case .pypi:
        let item = try PythonPackages(downloads: downloads).file(
          source.label, version: source.version, progress: progress)
        if let item {
          result.append(FetchedSource(source: source, name: source.label, item: item))
        }
      }
    }
    return result
  }

  /// What `fetch` would download, without a network: sizes come from lists already here.
  func plan(_ sources: [CorpusConfig.Source]) throws(UserError) -> [PlannedDownload] {
    var result: [PlannedDownload] = []
    let packages = sources.filter { $0.origin == .debian }.flatMap { $0.package ?? [] }
    let known = packages.isEmpty ? [:] : try apt.candidates(packages, system: true)
    for source in sources {
      var item: Downloads.Item?
      switch source.origin {
      case .files, .synthetic:
        result.append(
          PlannedDownload(name: source.label, version: "", bytes: 0, isPresent: true))
        continue
      case .debian:
        for package in source.package ?? [] where item == nil {
          item = try apt.kept(package, repairing: false, progress: { _ in })
        }
      case .debianDescriptions:
        item = try apt.keptDescriptions(source.writtenIn, repairing: false, progress: { _ in })
      case .pypi:
        item = try PythonPackages(downloads: downloads).kept(
          source.label, version: source.version, repairing: false, progress: { _ in })
      }
      let candidate = source.package?.lazy.compactMap { known[$0] }.first
      result.append(
        PlannedDownload(
          name: candidate?.package ?? source.label,
          version: item?.version ?? candidate?.version ?? source.version ?? "",
          bytes: item?.bytes ?? candidate?.bytes, isPresent: item != nil))
    }
    return result
  }

  /// The files of the Debian packages that exist, by package.
  private func debianItems(
    _ sources: [CorpusConfig.Source], progress: (String) -> Void
  ) throws(UserError) -> [String: Downloads.Item] {
    var items: [String: Downloads.Item] = [:]
    var missing: [[String]] = []
    for names in sources.filter({ $0.origin == .debian }).compactMap(\.package) {
      for name in names where items[name] == nil {
        items[name] = try apt.kept(name, repairing: true, progress: progress)
        if items[name] != nil { break }
      }
      if !names.contains(where: { items[$0] != nil }) { missing.append(names) }
    }
    guard !missing.isEmpty else { return items }
    try apt.refresh(progress: progress)
    let known = try apt.candidates(missing.flatMap(\.self))
    let wanted = missing.compactMap { names in names.lazy.compactMap { known[$0] }.first }
    let loaded = try apt.download(wanted, progress: progress)
    return items.merging(loaded) { $1 }
  }
}
