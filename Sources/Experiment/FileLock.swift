import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lets one process at a time work on something. On one machine the system frees it when the process
/// ends, however it ends. Between machines that share a folder, whose file system may not pass locks
/// on, a lease is held by touching the file: one that was not touched for a minute is taken over.
public final class FileLock: Sendable {
  /// Seconds without a touch after which another machine's lease is taken over.
  public static let leaseSeconds = 60.0
  private static let beatSeconds = 10.0

  private let handle: FileHandle

  /// Takes the lock `file`, which is made if it is not there, with its folder.
  ///
  /// - Parameter whenBusy: called with what the holder is (`pid 42`) if another process has the
  ///   lock; when it returns, the lock is waited for
  /// - Throws: what `whenBusy` throws; `UserError` of kind `io` when the file cannot be written.
  public init(
    _ file: URL, whenBusy: (_ holder: String) throws(UserError) -> Void
  ) throws(UserError) {
    // A local, for a refused lock must not be emptied as a held one is.
    let handle: FileHandle
    do {
      try DurableFile.makeFolder(file.deletingLastPathComponent())
      handle = try DurableFile.openFile(file, O_RDWR | O_CREAT)
    } catch {
      throw DurableFile.ioError(error, writing: file)
    }
    if !Self.takes(handle, file, tries: 10) {
      try whenBusy(Self.holder(file) ?? "pid unknown")
      while !Self.takes(handle, file, tries: 1) { Thread.sleep(forTimeInterval: 0.2) }
    }
    self.handle = handle
    do {
      try write("pid \(ProcessInfo.processInfo.processIdentifier) of \(Self.machine)\n")
    } catch { throw DurableFile.ioError(error, writing: file) }
    Thread.detachNewThread { [weak self] in
      while true {
        Thread.sleep(forTimeInterval: Self.beatSeconds)
        guard let self else { return }
        DurableFile.touch(self.handle)
      }
    }
  }

  /// Whether a process has the lock `file` now.
  public static func isHeld(_ file: URL) -> Bool {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
    defer { try? handle.close() }
    return flock(handle.fileDescriptor, LOCK_SH | LOCK_NB) != 0 || hasForeignLease(file)
  }

  // Emptied, so that other machines need not wait for the lease to end.
  deinit {
    try? handle.truncate(atOffset: 0)
    try? handle.close()
  }

  /// Tries a few times, for whoever only asks `isHeld` has it for a moment too.
  private static func takes(_ handle: FileHandle, _ file: URL, tries: Int) -> Bool {
    for attempt in 1...tries {
      if flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 {
        if !hasForeignLease(file) { return true }
        flock(handle.fileDescriptor, LOCK_UN)
        return false
      }
      if attempt < tries { Thread.sleep(forTimeInterval: 0.02) }
    }
    return false
  }

  /// Whether another machine holds the lock: its name stands in the file, touched of late.
  private static func hasForeignLease(_ file: URL) -> Bool {
    guard let holder = holder(file), !holder.hasSuffix(machine) else { return false }
    // Both times are the file server's, whose clock need not be ours.
    let probe = file.deletingLastPathComponent().appendingPathComponent(".\(UUID()).tmp")
    defer { try? FileManager.default.removeItem(at: probe) }
    guard (try? DurableFile.create(probe, Data())) != nil, let now = modified(probe),
      let then = modified(file)
    else { return false }
    return now.timeIntervalSince(then) < leaseSeconds
  }

  private static func modified(_ file: URL) -> Date? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
    return attributes?[.modificationDate] as? Date
  }

  /// Who holds the lock, nil when nobody does. A line without its end is of a disk that was full, and
  /// whoever wrote it has left.
  private static func holder(_ file: URL) -> String? {
    guard let line = try? String(contentsOf: file, encoding: .utf8), line.hasSuffix("\n") else {
      return nil
    }
    return String(line.dropLast())
  }

  /// Names the running system, within which flock is exact.
  private static let machine: String = {
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    return boot?.trimmingCharacters(in: .whitespacesAndNewlines)
      ?? ProcessInfo.processInfo.hostName
  }()

  private func write(_ text: String) throws {
    try handle.truncate(atOffset: 0)
    try handle.seek(toOffset: 0)
    try handle.write(contentsOf: Data(text.utf8))
  }
}
