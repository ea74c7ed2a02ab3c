import Corpus
import Experiment
import Foundation
import Testing

/// Fetching with stand-ins for apt, so that no test needs a network. Packages are real ones, built
/// with dpkg-deb.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dpkg-deb")))
struct FetchingTests {
  /// Builds a package of a fortune file, and returns its file.
  private func makePackage(_ name: String, in folder: URL) throws -> URL {
    let root = folder.appendingPathComponent("build-\(name)")
    func write(_ path: String, _ text: String) throws {
      let file = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    var babble = Babble(seed: 11)
    let entries = (0..<400).map { _ in babble.paragraph() }
    try write("usr/share/games/fortunes/sayings", entries.joined(separator: "\n%\n"))
    try write("usr/share/doc/\(name)/copyright", "Files: *\nLicense: Expat\n\nLicense: GPL-2+\n")
    try write(
      "DEBIAN/control",
      "Package: \(name)\nVersion: 1:2-3\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n")
    let file = folder.appendingPathComponent("\(name)_1%3a2-3_all.deb")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/dpkg-deb")
    process.arguments = ["--root-owner-group", "-b", root.path, file.path]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return file
  }

  /// Puts scripts in the place of apt, and calls `body`.
  private func withPrograms<Value>(
    _ scripts: [String: String], in folder: URL, _ body: () throws -> Value
  ) throws -> Value {
    let programs = folder.appendingPathComponent("programs")
    try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
    for (name, script) in scripts {
      let file = programs.appendingPathComponent(name)
      try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }
    let path = scripts.isEmpty ? programs.path : "\(programs.path):/usr/bin:/bin"
    return try Command.$path.withValue(path, operation: body)
  }

  private func builder(_ packages: [[String]], in folder: URL) throws -> CorpusBuilder {
    let sources = packages.map { names in
      var source = CorpusConfig.Source()
      source.package = names
      source.format = .fortunes
      return source
    }
    var config = CorpusConfig(name: "c", tokenizer: .init(vocabularySize: 256), sources: sources)
    config.validationShare = 0.3
    return try CorpusBuilder(
      config, corpora: folder.appendingPathComponent("corpora"),
      downloads: folder.appendingPathComponent("downloads"))
  }

  /// An archive that has `file` as `name`, for the stand-ins.
  private func archive(_ file: URL, _ name: String) throws -> [String: String] {
    let bytes = try Data(contentsOf: file).count
    let stanza = "Package: \(name)\nVersion: 1:2-3\nSize: \(bytes)\nSHA256: $sum"
    return [
      "apt-get": """
      case "$*" in
        *update*) d=$(dirname "$3"); /bin/mkdir -p "$d/lists"; : > "$d/lists/x_Packages";;
        *) /bin/cp "\(file.path)" . ;;
      esac
      """,
      "apt-cache": """
      sum=$(/usr/bin/sha256sum "\(file.path)"); sum=${sum%% *}
      case "$*" in *\(name)*) echo "\(stanza)";; esac
      """,
    ]
  }

  @Test func packagesAreDownloadedOnce() throws {
    try withFolder { folder in
      let file = try makePackage("sayings", in: folder)
      let builder = try builder([["absent", "sayings"], ["nowhere"]], in: folder)
      let lines = Lines()
      let manifest = try withPrograms(archive(file, "sayings"), in: folder) {
        try builder.build { lines.all.append($0) }
      }
      let source = try #require(manifest.sources.first)
      #expect(manifest.sources.count == 1)
      #expect(source.name == "sayings" && source.version == "1:2-3")
      #expect(source.licence == "Expat, GPL-2+")
      #expect(source.documents > 3 && source.bytes > 50_000)
      #expect(lines.text.contains("nowhere: not in this system's archives"))

      // Again without an archive: the kept file is enough, and gives the same corpus.
      try FileManager.default.removeItem(at: builder.folder)
      let again = try self.builder([["absent", "sayings"]], in: folder)
      let same = try withPrograms(
        ["apt-get": "exit 1", "apt-cache": "exit 1"], in: folder
      ) { try again.build { _ in } }
      #expect(same.sources == manifest.sources && same.sets == manifest.sets)
      #expect(try again.plannedDownloads().map(\.isPresent) == [true])
    }
  }

  @Test func damagedPackagesAreFetchedAgain() throws {
    try withFolder { folder in
      let file = try makePackage("sayings", in: folder)
      let downloads = folder.appendingPathComponent("downloads")
      try FileManager.default.createDirectory(at: downloads, withIntermediateDirectories: true)
      let kept = downloads.appendingPathComponent(file.lastPathComponent)
      let whole = try Data(contentsOf: file)
      let builder = try builder([["sayings"]], in: folder)
      // Truncated, as a person may have copied it: first without a note beside it, then with one.
      for _ in 0..<2 {
        try whole.prefix(whole.count / 2).write(to: kept)
        let lines = Lines()
        _ = try withPrograms(archive(file, "sayings"), in: folder) {
          try builder.build { lines.all.append($0) }
        }
        #expect(lines.text.contains("is damaged: getting it again"))
        #expect(try Data(contentsOf: kept) == whole)
        try FileManager.default.removeItem(at: builder.folder)
      }
    }
  }

  @Test func pythonPackagesAreExtras() throws {
    try withFolder { folder in
      let file = try makePackage("sayings", in: folder)
      var config = try builder([["sayings"], ["book"]], in: folder).config
      (config.sources[1].registry, config.sources[1].version) = (.pypi, "0.6")
      (config.sources[1].format, config.sources[1].files) = (.text, ".txt")
      func build(_ python: String, _ name: String) throws -> (CorpusManifest, String) {
        config.name = name
        let builder = try CorpusBuilder(
          config, corpora: folder, downloads: folder.appendingPathComponent("downloads"))
        let lines = Lines()
        let programs = try archive(file, "sayings").merging(["python3": python]) { $1 }
        let manifest = try withPrograms(programs, in: folder) {
          try builder.build { lines.all.append($0) }
        }
        return (manifest, lines.text)
      }
      let (without, said) = try build("exit 127", "without")
      #expect(without.sources.map(\.name) == ["sayings"])
      #expect(said.contains("warning: book is left out: python3 and pip are not here"))

      let book = folder.appendingPathComponent("book-0.6.tar.gz")
      let text = folder.appendingPathComponent("book-0.6/texts/one.txt")
      try FileManager.default.createDirectory(
        at: text.deletingLastPathComponent(), withIntermediateDirectories: true)
      var babble = Babble(seed: 12)
      try Data(babble.text(paragraphs: 50).utf8).write(to: text)
      try Data("License: MIT\n".utf8).write(to: folder.appendingPathComponent("book-0.6/PKG-INFO"))
      _ = try Command.run("tar", ["-czf", book.path, "book-0.6"], in: folder)
      let download = """
        while [ "$1" != "-d" ]; do shift; done
        [ "$3" = "book==0.6" ] && /bin/cp "\(book.path)" "$2"
        """
      let (with, _) = try build(download, "with")
      let source = try #require(with.sources.last)
      #expect(source.name == "book" && source.version == "0.6" && source.licence == "MIT")
      #expect(source.documents > 0)
    }
  }

  @Test func withoutANetworkTheReasonAndTheFixAreSaid() throws {
    try withFolder { folder in
      let builder = try builder([["sayings"]], in: folder)
      let error = #expect(throws: UserError.self) {
        try withPrograms(
          ["apt-get": "echo 'E: Could not resolve host' >&2; exit 100", "apt-cache": "exit 100"],
          in: folder
        ) { try builder.build { _ in } }
      }
      #expect(error?.kind == .missingInput)
      #expect(error?.what.contains("Could not resolve host") == true)
      #expect(error?.fix?.contains("--text") == true)
      let none = #expect(throws: UserError.self) {
        try withPrograms([:], in: folder.appendingPathComponent("none")) {
          try builder.build { _ in }
        }
      }
      #expect(none?.what.contains("there is no apt-get") == true)
    }
  }

  @Test func aDownloadThatBreaksOffIsAnError() throws {
    try withFolder { folder in
      let file = try makePackage("sayings", in: folder)
      var programs = try archive(file, "sayings")
      programs["apt-get"] = try #require(programs["apt-get"])
        .replacing("/bin/cp", with: "/usr/bin/head -c 1000 > sayings_1_all.deb")
      let builder = try builder([["sayings"]], in: folder)
      let error = #expect(throws: UserError.self) {
        try withPrograms(programs, in: folder) { try builder.build { _ in } }
      }
      #expect(error?.kind == .missingInput && error?.location == "sayings")
      #expect(!FileManager.default.fileExists(atPath: builder.folder.path))
    }
  }

  @Test func aCorpusWithoutAnyPackageIsAnError() throws {
    try withFolder { folder in
      let file = try makePackage("sayings", in: folder)
      let builder = try builder([["nowhere"], ["neither"]], in: folder)
      let error = #expect(throws: UserError.self) {
        try withPrograms(archive(file, "sayings"), in: folder) { try builder.build { _ in } }
      }
      #expect(error?.kind == .badData)
      #expect(error?.what == "set \"train\" has no text")

      // So is one that lacks a validation set.
      var config = try self.builder([["sayings"], ["nowhere"]], in: folder).config
      config.sources[1].set = "other"
      let other = try CorpusBuilder(
        config, corpora: folder, downloads: folder.appendingPathComponent("downloads"))
      let lacking = #expect(throws: UserError.self) {
        try withPrograms(archive(file, "sayings"), in: folder) { try other.build { _ in } }
      }
      #expect(lacking?.what == "set \"other\" has no text")
    }
  }
}
