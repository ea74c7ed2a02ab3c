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
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      guard FileManager.default.createFile(atPath: temporary.path, contents: nil) else {
        throw CocoaError(.fileWriteNoPermission)
      }
      let handle = try FileHandle(forWritingTo: temporary)
      try handle.write(contentsOf: data)
      try handle.synchronize()
      try handle.close()
      try move(temporary, to: url)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw ioError(error, writing: url)
    }
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
    // The one C call outside Kernels: Foundation has no rename that replaces in one step.
    guard unsafe rename(source.path, destination.path) == 0 else {
      throw NSError(domain: NSPOSIXErrorDomain, code: Int(errno))
    }
    try synchronize(folder: destination.deletingLastPathComponent())
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
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw UserError(.missingInput, "cannot read: \(error.localizedDescription)", at: url.path)
    }
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
