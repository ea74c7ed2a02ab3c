import Experiment
import Foundation

/// Debian packages for an ordinary user: apt with a state and a cache of its own, so that nothing
/// of the system is written and no rights are needed. The system's own list of archives is used.
struct AptPackages: Sendable {
  /// What the archive has under a name.
  struct Candidate: Sendable, Equatable {
    let package: String
    let version: String
    let bytes: Int
    let sha256: String
  }

  let downloads: Downloads
  private var folder: URL { downloads.folder.appendingPathComponent("apt") }
  private var configuration: URL { folder.appendingPathComponent("apt.conf") }
  private static let fix = """
    check the network (and the proxy, if there is one) and run the same command again; what was \
    downloaded is kept. Without a network, use text of your own (--text) or a `synthetic` source
    """

  /// Gets the archive's lists if they are missing or of yesterday.
  func refresh(progress: (String) -> Void) throws(UserError) {
    let lists = folder.appendingPathComponent("lists")
    let mark = folder.appendingPathComponent("refreshed")
    let marked = try? FileManager.default.attributesOfItem(atPath: mark.path)[.modificationDate]
    if let date = marked as? Date, date.timeIntervalSinceNow > -86_400 { return }
    progress("getting the package lists")
    let update = try update(state: folder, options: ["Acquire::Languages=none"])
    // A mirror of minor importance may be down: what matters is whether packages are known.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: lists.path)) ?? []
    guard names.contains(where: { $0.contains("Packages") }) else {
      throw UserError(
        .missingInput, "apt-get update: \(update.complaint)", at: folder.path, fix: Self.fix)
    }
    if update.status == 0 { try DurableFile.write(Data(), to: mark) }
  }

  /// What the archive has of `packages`.
  ///
  /// - Parameter system: ask the system's lists where there are none of our own yet.
  func candidates(
    _ packages: [String], system: Bool = false
  ) throws(UserError) -> [String: Candidate] {
    let own = FileManager.default.fileExists(atPath: configuration.path)
    let options = system && !own ? [] : ["-c", configuration.path]
    let answer = try apt("apt-cache", options + ["show", "--no-all-versions"] + packages)
    var found: [String: Candidate] = [:]
    for stanza in blocks(of: answer.output.lines()) {
      var fields: [Substring: String] = [:]
      for line in stanza where line.first?.isSpace == false {
        let text = String(decoding: line, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":") else { continue }
        fields[text[..<colon]] = text[text.index(after: colon)...]
          .trimmingCharacters(in: .whitespaces)
      }
      guard let package = fields["Package"], let version = fields["Version"],
        let bytes = fields["Size"].flatMap({ Int($0) }), let sha256 = fields["SHA256"]
      else { continue }
      found[package] = Candidate(
        package: package, version: version, bytes: bytes, sha256: sha256)
    }
    return found
  }

  /// Downloads `wanted` into the folder.
  func download(
    _ wanted: [Candidate], progress: (String) -> Void
  ) throws(UserError) -> [String: Downloads.Item] {
    // A name of our own: the apt-get of a run that was killed may still write to the old one.
    let old = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in old where name.hasPrefix("partial-") {
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
    let partial = folder.appendingPathComponent(
      "partial-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? FileManager.default.removeItem(at: partial) }
    var taken: [String: Downloads.Item] = [:]
    for group in stride(from: 0, to: wanted.count, by: 8) {
      let group = wanted[group..<min(group + 8, wanted.count)]
      let megabytes = group.reduce(0) { $0 + $1.bytes }.megabytes
      progress("downloading \(group.map(\.package).joined(separator: " ")): \(megabytes)")
      try freshFolder(partial)
      let answer = try apt(
        "apt-get", ["-q", "-c", configuration.path, "download"] + group.map(\.package), in: partial)
      let files = (try? FileManager.default.contentsOfDirectory(atPath: partial.path)) ?? []
      for candidate in group {
        let name = files.first { $0.hasPrefix(candidate.package + "_") && $0.hasSuffix(".deb") }
        let file = name.map { partial.appendingPathComponent($0) }
        guard let file, try Downloads.sha256(file) == candidate.sha256 else {
          throw UserError(
            .missingInput, "apt-get download: \(answer.complaint)", at: candidate.package,
            fix: Self.fix)
        }
        taken[candidate.package] = try downloads.take(file, version: candidate.version)
      }
    }
    return taken
  }

  /// The kept file of `package`, nil when there is none.
  func kept(
    _ package: String, repairing: Bool, progress: (String) -> Void
  ) throws(UserError) -> Downloads.Item? {
    try downloads.item(
      prefix: package + "_", suffixes: [".deb"], repairing: repairing, progress: progress
    ) {
      file throws(UserError) in
      try Command.run("dpkg-deb", ["--fsys-tarfile", file.path])?.status == 0
    }
  }

  /// Debian's package descriptions in `language`, as one file.
  func descriptions(
    _ language: String, progress: (String) -> Void
  ) throws(UserError) -> Downloads.Item {
    let name = "descriptions-\(language).txt"
    if let kept = try keptDescriptions(language, repairing: true, progress: progress) {
      return kept
    }
    progress("downloading Debian's package descriptions (\(language))")
    let state = folder.appendingPathComponent("descriptions-\(language)")
    let update = try update(
      state: state,
      options: [
        "Acquire::Languages=\(language)", "Acquire::GzipIndexes=false",
        "Acquire::IndexTargets::deb::Packages::DefaultEnabled=false",
      ])
    let translations = try SourceFile.all(in: state.appendingPathComponent("lists"))
      .filter { $0.path.hasSuffix("Translation-\(language)") }
    var text: Bytes = []
    for file in translations { text += try file.contents() + [10] }
    guard !text.isEmpty else {
      throw UserError(
        .missingInput, "no descriptions in \"\(language)\": \(update.complaint)", at: name,
        fix: Self.fix)
    }
    let partial = state.appendingPathComponent(name)
    try DurableFile.write(Data(text), to: partial)
    return try downloads.take(partial, version: ISO8601DateFormatter().string(from: Date()))
  }

  /// The kept file of descriptions in `language`, nil when there is none.
  func keptDescriptions(
    _ language: String, repairing: Bool, progress: (String) -> Void
  ) throws(UserError) -> Downloads.Item? {
    try downloads.item(
      prefix: "descriptions-\(language)", suffixes: [".txt"], repairing: repairing,
      progress: progress,
      isWhole: { _ in true })
  }

  private func update(state: URL, options: [String]) throws(UserError) -> Command {
    for part in ["lists/partial", "cache/archives/partial"] {
      do {
        try FileManager.default.createDirectory(
          at: state.appendingPathComponent(part), withIntermediateDirectories: true)
      } catch { throw DurableFile.ioError(error, writing: state.appendingPathComponent(part)) }
    }
    let text = """
      Dir::State "\(folder.path)";
      Dir::State::status "/var/lib/dpkg/status";
      Dir::Cache "\(folder.path)/cache";
      APT::Sandbox::User "";
      Acquire::Retries "3";
      #clear Acquire::Languages;
      #clear APT::Update::Post-Invoke;
      #clear APT::Update::Post-Invoke-Success;

      """
    try DurableFile.write(Data(text.utf8), to: configuration)
    let arguments =
      ["-q", "-c", configuration.path, "update", "-o", "Dir::State=\(state.path)"]
      + options.flatMap { ["-o", $0] }
    // The apt-get of a run that was killed may still be at work; it ends by itself.
    for _ in 0..<60 {
      let answer = try apt("apt-get", arguments)
      guard answer.status != 0, answer.errors.contains("Could not get lock") else { return answer }
      Thread.sleep(forTimeInterval: 0.5)
    }
    return try apt("apt-get", arguments)
  }

  private func apt(
    _ name: String, _ arguments: [String], in folder: URL? = nil
  ) throws(UserError) -> Command {
    guard let answer = try Command.run(name, arguments, in: folder) else {
      throw UserError(
        .missingInput, "there is no \(name) here: Debian packages need a Debian system",
        fix: "use text of your own (--text) or a `synthetic` source")
    }
    return answer
  }
}

/// An empty folder at `url`.
func freshFolder(_ url: URL) throws(UserError) {
  do {
    if FileManager.default.fileExists(atPath: url.path) {
      try FileManager.default.removeItem(at: url)
    }
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  } catch { throw DurableFile.ioError(error, writing: url) }
}

extension Int {
  /// Bytes as `12.3 MB`.
  public var megabytes: String {
    "\(self / 1_000_000).\(self / 100_000 % 10) MB"
  }
}
