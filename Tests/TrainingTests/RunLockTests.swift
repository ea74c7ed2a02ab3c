import Experiment
import Foundation
import Testing
import Training

/// One process at a time on a run.
struct RunLockTests {
  @Test func secondHolderIsRefused() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(!RunLock.isHeld(folder))
    do {
      let lock = try RunLock(folder)
      #expect(RunLock.isHeld(folder))
      #expect { try RunLock(folder) } throws: {
        let error = $0 as? UserError
        return error?.kind == .busy && error?.what.contains("another process") == true
      }
      withExtendedLifetime(lock) {}
    }
    #expect(!RunLock.isHeld(folder))
    _ = try RunLock(folder)
  }

  /// On a folder that machines share, a lease that is touched is respected, an old one taken over.
  @Test func leasesOfOtherMachinesEnd() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    _ = try RunLock(folder)
    let file = folder.appendingPathComponent("run.lock")
    // Half a line, of a writer whose disk was full, is nobody's.
    try Data("pid 1 of anoth".utf8).write(to: file)
    #expect(!RunLock.isHeld(folder))
    _ = try RunLock(folder)
    try Data("pid 1 of another-machine\n".utf8).write(to: file)
    #expect(RunLock.isHeld(folder))
    #expect { try RunLock(folder) } throws: { ($0 as? UserError)?.kind == .busy }
    #expect(try String(contentsOf: file, encoding: .utf8) == "pid 1 of another-machine\n")
    let old = Date(timeIntervalSinceNow: -FileLock.leaseSeconds - 5)
    try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: file.path)
    #expect(!RunLock.isHeld(folder))
    let lock = try RunLock(folder)
    #expect(try String(contentsOf: file, encoding: .utf8).hasPrefix("pid "))
    withExtendedLifetime(lock) {}
  }
}
