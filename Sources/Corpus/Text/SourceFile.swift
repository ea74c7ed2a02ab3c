import Experiment
import Foundation
import Kernels

/// A regular file of a source.
struct SourceFile: Sendable {
  /// The path below the source's folder, or the file's name.
  let path: String
  let url: URL

  /// Every regular file in `path`, or `path` itself when it is one, in order of path; links in it
  /// are not followed, so that nothing outside is read.
  static func all(in path: URL) throws(UserError) -> [SourceFile] {
    let manager = FileManager.default
    let folder = path.resolvingSymlinksInPath()
    guard let attributes = try? manager.attributesOfItem(atPath: folder.path) else {
      throw UserError(
        .missingInput, "no such file or folder", at: path.path, fix: "check the path")
    }
    guard attributes[.type] as? FileAttributeType == .typeDirectory else {
      return [SourceFile(path: folder.lastPathComponent, url: folder)]
    }
    guard let entries = manager.enumerator(atPath: folder.path) else {
      throw UserError(.missingInput, "cannot list the folder", at: folder.path)
    }
    var files: [SourceFile] = []
    for case let path as String in entries
    where entries.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
      files.append(SourceFile(path: path, url: folder.appendingPathComponent(path)))
    }
    return files.sorted { $0.path < $1.path }
  }

  /// The path in small letters, without the suffix of a compressed file.
  var plainName: String {
    let name = path.lowercased()
    return name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
  }

  /// The file's bytes, unpacked when it is gzip'd (by its first two bytes: dictd's files are too).
  func contents() throws(UserError) -> Bytes {
    let bytes: Bytes
    do { bytes = Bytes(try Data(contentsOf: url)) } catch {
      throw UserError(
        .missingInput, "cannot read: \(error.localizedDescription)", at: url.path,
        fix: "check that the file is there and may be read")
    }
    guard bytes.starts(with: [0x1F, 0x8B]) else { return bytes }
    do { return try Gzip.decompress(bytes, limit: 1 << 32) } catch {
      throw UserError(.badData, "\(error)", at: url.path, fix: "get the file again; it is damaged")
    }
  }

  /// The file's text as UTF-8, nil when it is not text.
  func text() throws(UserError) -> Bytes? {
    let bytes = try contents()
    return bytes.prefix(1_000).contains(0) ? nil : decodedText(bytes)
  }
}
