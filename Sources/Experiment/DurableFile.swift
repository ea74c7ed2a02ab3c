import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes that are seen whole or not at all, and that survive a power cut.
public enum DurableFile {
  /// Writes `data` to `url`: temporary file in the same folder, write, fsync, rename, fsync of the
  /// folder. Missing folders are made.
  ///
  /// - Throws: `UserError` of kind `io` that names the file and the system's reason.
  public static func write(_ data: Data, to url: URL) throws(UserError) {
    let folder = url.deletingLastPathComponent()
    let temporary = folder.appendingPathComponent(
      ".\(url.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier).tmp")
    do {
      try makeFolder(folder)
      try create(temporary, data)
      try move(temporary, to: url)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw ioError(error, writing: url)
    }
  }

  /// Writes `data` to the new file `url` and fsyncs it; the caller makes the name durable.
  public static func create(_ url: URL, _ data: Data) throws {
    let handle = try openFile(url, O_WRONLY | O_CREAT | O_TRUNC)
    try handle.write(contentsOf: data)
    try handle.synchronize()
    try handle.close()
  }

  /// Opens `url` by open(2) itself: Foundation's createFile does not say why it failed.
  static func openFile(_ url: URL, _ flags: Int32) throws -> FileHandle {
    let descriptor = unsafe open(url.path, flags | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw systemError() }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// Makes `folder` and those above it, durably.
  public static func makeFolder(_ folder: URL) throws {
    guard !FileManager.default.fileExists(atPath: folder.path) else { return }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try synchronize(folder: folder.deletingLastPathComponent())
  }

  private static func systemError() -> NSError {
    NSError(domain: NSPOSIXErrorDomain, code: Int(errno))
  }

  /// Writes `value` as JSON with sorted keys, durably.
  public static func write(json value: some Encodable, to url: URL) throws(UserError) {
    do {
      try write(StableJSON.encode(value), to: url)
    } catch let error as UserError {
      throw error
    } catch {
      throw UserError(.failure, "cannot encode: \(error)", at: url.path)
    }
  }

  /// Removes what writes that were killed have left in `folder`, which nobody else writes to now.
  public static func removeTemporaries(in folder: URL) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names where name.hasPrefix(".") && name.hasSuffix(".tmp") {
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
  }

  /// Renames `source` to `destination`, replacing a file there, and fsyncs the folder.
  public static func move(_ source: URL, to destination: URL) throws {
    // With open(2), the only unsafe calls outside Kernels: Foundation has no rename that replaces in one step.
    guard unsafe rename(source.path, destination.path) == 0 else {
      throw systemError()
    }
    try synchronize(folder: destination.deletingLastPathComponent())
  }

  /// Sets the time of the open file's last change to now.
  static func touch(_ handle: FileHandle) { futimens(handle.fileDescriptor, nil) }

  /// Writes out what was printed: that is a result too, and it may go to a disk that is full.
  ///
  /// - Throws: `UserError` of kind `io`.
  public static func flushOutput() throws(UserError) {
    guard fflush(nil) == 0 else {
      throw ioError(systemError(), writing: URL(fileURLWithPath: "/dev/stdout"))
    }
  }

  /// Makes the names in `folder` durable.
  public static func synchronize(folder: URL) throws {
    let handle = try FileHandle(forReadingFrom: folder)
    try handle.synchronize()
    try handle.close()
  }

  /// The user's view of a failed write: which file, the system's reason, and the fix.
  public static func ioError(_ error: any Error, writing url: URL) -> UserError {
    if let error = error as? UserError { return error }
    let nsError = error as NSError
    let underlying = nsError.userInfo[NSUnderlyingErrorKey] as? NSError
    let full =
      nsError.code == CocoaError.Code.fileWriteOutOfSpace.rawValue
      || [nsError, underlying].contains {
        $0?.domain == NSPOSIXErrorDomain && $0?.code == Int(ENOSPC)
      }
    return UserError(
      .io, full ? "disk full" : "cannot write: \((underlying ?? nsError).localizedDescription)",
      at: url.path,
      fix: full
        ? "free some space and run the same command again; finished work is kept"
        : "check that the folder exists and that you may write to it")
  }
}

/// JSON whose bytes depend on the value alone: sorted keys, no escaped slashes.
public enum StableJSON {
  /// Encodes `value`; NaN and infinities become the strings "nan", "inf" and "-inf".
  public static func encode(_ value: some Encodable, pretty: Bool = true) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value)
  }

  /// Decodes what `encode` wrote.
  ///
  /// - Throws: `UserError` of kind `badData` that names the file and the key.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from url: URL
  ) throws(UserError) -> Value {
    try decode(type, from: read(url), at: url)
  }

  static func read(_ url: URL) throws(UserError) -> Data {
    do { return try Data(contentsOf: url) } catch {
      throw UserError(.missingInput, "cannot read: \(error.localizedDescription)", at: url.path)
    }
  }

  static func decode<Value: Decodable>(
    _ type: Value.Type, from data: Data, at url: URL
  ) throws(UserError) -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do { return try decoder.decode(type, from: data) } catch {
      throw UserError(
        .badData, "not a valid \(type): \(error)", at: url.path,
        fix: "the file was altered or is of another version; delete it and run again")
    }
  }
}
