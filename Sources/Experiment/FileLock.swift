import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lets one process at a time work on something. The system frees it when the process ends, however
/// it ends.
public final class FileLock {
  private let handle: FileHandle

  /// Takes the lock `file`, which is made if it is not there, with its folder.
  ///
  /// - Parameter whenBusy: called with what the holder is (`pid 42`) if another process has the
  ///   lock; when it returns, the lock is waited for
  /// - Throws: what `whenBusy` throws; `UserError` of kind `io` when the file cannot be written.
  public init(
    _ file: URL, whenBusy: (_ holder: String) throws(UserError) -> Void
  ) throws(UserError) {
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      if !FileManager.default.fileExists(atPath: file.path),
        !FileManager.default.createFile(atPath: file.path, contents: nil)
      {
        throw CocoaError(.fileWriteNoPermission)
      }
      handle = try FileHandle(forUpdating: file)
    } catch {
      throw DurableFile.ioError(error, writing: file)
    }
    if flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) != 0 {
      try whenBusy((try? String(contentsOf: file, encoding: .utf8)) ?? "pid unknown")
      flock(handle.fileDescriptor, LOCK_EX)
    }
    try? handle.truncate(atOffset: 0)
    try? handle.write(contentsOf: Data("pid \(ProcessInfo.processInfo.processIdentifier)".utf8))
  }

  /// Whether a process has the lock `file` now.
  public static func isHeld(_ file: URL) -> Bool {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
    defer { try? handle.close() }
    return flock(handle.fileDescriptor, LOCK_SH | LOCK_NB) != 0
  }

  deinit { try? handle.close() }
}
