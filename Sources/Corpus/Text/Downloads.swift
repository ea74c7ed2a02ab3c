import Experiment
import Foundation

/// The folder of downloaded files. A file in it is whole: it came by a rename, and its length and
/// hash stand in a `.json` beside it.
struct Downloads: Sendable {
  /// What is known of a file.
  struct Item: Codable, Sendable, Equatable {
    let file: String
    let version: String
    let bytes: Int
    let sha256: String
  }

  let folder: URL

  /// Where a file of `item` lies.
  func url(_ item: Item) -> URL { folder.appendingPathComponent(item.file) }

  /// The newest whole file whose name starts with `prefix` and ends with one of `suffixes`.
  ///
  /// A file without a note, which a person put there, is taken when `isWhole` says so.
  ///
  /// - Parameter repairing: remove damaged files, with a message
  func item(
    prefix: String, suffixes: [String], repairing: Bool, progress: (String) -> Void,
    isWhole: (URL) throws(UserError) -> Bool
  ) throws(UserError) -> Item? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names.sorted(by: >)
    where name.hasPrefix(prefix) && suffixes.contains(where: name.hasSuffix) {
      let file = folder.appendingPathComponent(name)
      let note = folder.appendingPathComponent(name + ".json")
      if let item = try? StableJSON.decode(Item.self, from: note) {
        if try Self.sha256(file) == item.sha256 { return item }
      } else if try isWhole(file) {
        return try describe(file, version: Self.version(inName: name))  // writes the note
      }
      guard repairing else { continue }
      progress("warning: \(file.path) is damaged: getting it again")
      try? FileManager.default.removeItem(at: file)
      try? FileManager.default.removeItem(at: note)
    }
    return nil
  }

  /// Takes a finished file into the folder.
  func take(_ file: URL, version: String) throws(UserError) -> Item {
    let destination = folder.appendingPathComponent(file.lastPathComponent)
    let item = try describe(file, version: version)
    do {
      let handle = try FileHandle(forUpdating: file)
      try handle.synchronize()
      try handle.close()
      try DurableFile.move(file, to: destination)
    } catch { throw DurableFile.ioError(error, writing: destination) }
    return item
  }

  private func describe(_ file: URL, version: String) throws(UserError) -> Item {
    let name = file.lastPathComponent
    let item = Item(
      file: name, version: version, bytes: try Self.read(file).count,
      sha256: try Self.sha256(file))
    try DurableFile.write(json: item, to: folder.appendingPathComponent(name + ".json"))
    return item
  }

  /// `name_version_architecture.deb` has the version, with the colon as %3a.
  private static func version(inName name: String) -> String {
    let parts = name.split(separator: "_")
    return parts.count > 1 ? parts[1].replacingOccurrences(of: "%3a", with: ":") : "?"
  }

  /// The SHA-256 of a file, in hexadecimal.
  static func sha256(_ file: URL) throws(UserError) -> String {
    Checksum.sha256(of: try read(file))
  }

  private static func read(_ file: URL) throws(UserError) -> Data {
    do { return try Data(contentsOf: file) } catch {
      throw UserError(.missingInput, "cannot read: \(error.localizedDescription)", at: file.path)
    }
  }
}
