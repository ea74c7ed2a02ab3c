import Experiment
import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Holds a run for one process. The system lets go of it when the process ends, however it ends.
public final class RunLock {
  private let handle: FileHandle

  /// Takes the lock of the run in `folder`, which is made if it is not there.
  ///
  /// - Throws: `UserError` of kind `interrupted` when another process has it, `io` when the folder
  ///   cannot be written.
  public init(_ folder: URL) throws(UserError) {
    let url = folder.appendingPathComponent("run.lock")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      if !FileManager.default.fileExists(atPath: url.path) {
        guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
          throw CocoaError(.fileWriteNoPermission)
        }
      }
      handle = try FileHandle(forUpdating: url)
    } catch {
      throw DurableFile.ioError(error, writing: url)
    }
    guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
      throw UserError(
        .interrupted,
        "another process\(holder.isEmpty ? "" : " (\(holder))") is training this run",
        at: folder.path, fix: "wait for it, or stop it; then run the same command again")
    }
    try? handle.truncate(atOffset: 0)
    try? handle.write(contentsOf: Data("pid \(ProcessInfo.processInfo.processIdentifier)".utf8))
  }

  /// Whether a process is training the run in `folder` now.
  public static func isHeld(_ folder: URL) -> Bool {
    let url = folder.appendingPathComponent("run.lock")
    guard let handle = try? FileHandle(forReadingFrom: url) else { return false }
    defer { try? handle.close() }
    return flock(handle.fileDescriptor, LOCK_SH | LOCK_NB) != 0
  }

  deinit { try? handle.close() }
}
