import Experiment
import Foundation

/// A parser of bytes that other people made, and good input to begin with. Small seeds make for many
/// inputs a second.
public struct FuzzTarget: Sendable {
  /// Also of files in `Found` and of folders of a corpus.
  public let name: String
  /// Good input.
  public let seeds: [[UInt8]]
  /// Throws `UserError` or `Refusal` of bad input; anything else is a bug.
  public let parse: @Sendable ([UInt8]) throws -> Void

  /// What a parser throws beside `UserError` when it refuses input.
  public struct Refusal: Error {}

  init(
    _ name: String, seeds: [[UInt8]], _ parse: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    self.name = name
    self.seeds = seeds
    self.parse = parse
  }

  init(
    _ name: String, texts: [String], _ parse: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    self.init(name, seeds: texts.map { Array($0.utf8) }, parse)
  }

  /// Parses `bytes`; whether they are accepted.
  public func accepts(_ bytes: [UInt8]) throws -> Bool {
    do {
      try parse(bytes)
      return true
    } catch is UserError {
      return false
    } catch is Refusal {
      return false
    }
  }

  /// Every target.
  public static func all() throws -> [FuzzTarget] {
    let scratch = try Scratch()
    return try configs(scratch) + tables(scratch) + tensors(scratch) + records(scratch)
      + texts() + packages()
  }
}

/// A folder in memory for parsers that read files; a file of it keeps its name from input to input.
final class Scratch: Sendable {
  let folder: URL

  init() throws {
    let memory = URL(fileURLWithPath: "/dev/shm")
    let isThere = FileManager.default.isWritableFile(atPath: memory.path)
    folder = (isThere ? memory : FileManager.default.temporaryDirectory)
      .appendingPathComponent("overtrain-fuzz-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The file `name`, holding `bytes`.
  func put(_ bytes: [UInt8], _ name: String) throws -> URL {
    let file = folder.appendingPathComponent(name)
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    defer { close(descriptor) }
    guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count else {
      throw POSIXError(.EIO)
    }
    return file
  }

  /// The bytes of what `body` writes to a file.
  func bytes(_ body: (URL) throws -> Void) throws -> [UInt8] {
    let file = folder.appendingPathComponent("seed")
    try body(file)
    defer { try? FileManager.default.removeItem(at: file) }
    return Array(try Data(contentsOf: file))
  }
}
