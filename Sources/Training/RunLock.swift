import Experiment
import Foundation

/// Holds a run for one process.
public struct RunLock: Sendable {
  private let lock: FileLock

  /// Takes the lock of the run in `folder`, which is made if it is not there.
  ///
  /// - Throws: `UserError` of kind `busy` when another process has it, `io` when the folder cannot be
  ///   written.
  public init(_ folder: URL) throws(UserError) {
    lock = try FileLock(RunLock.file(folder)) { (holder) throws(UserError) in
      throw UserError(
        .busy, "another process (\(holder)) is training this run", at: folder.path,
        fix: "wait for it, or stop it; then run the same command again")
    }
  }

  /// Whether a process is training the run in `folder` now.
  public static func isHeld(_ folder: URL) -> Bool { FileLock.isHeld(file(folder)) }

  private static func file(_ folder: URL) -> URL { folder.appendingPathComponent("run.lock") }
}
