import Experiment
import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lets one process at a time work on something; the system frees it when the process ends, however
/// it ends.
package struct FolderLock: ~Copyable {
  private let handle: FileHandle

  /// Waits for the lock `file`, after one message if another process has it.
  package init(_ file: URL, for work: String, progress: (String) -> Void) throws(UserError) {
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      if !FileManager.default.fileExists(atPath: file.path),
        !FileManager.default.createFile(atPath: file.path, contents: nil)
      {
        throw CocoaError(.fileWriteNoPermission)
      }
      handle = try FileHandle(forUpdating: file)
    } catch { throw DurableFile.ioError(error, writing: file) }
    if flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) != 0 {
      progress("another process is at work on \(work): waiting for it")
      flock(handle.fileDescriptor, LOCK_EX)
    }
  }

  deinit { try? handle.close() }
}
