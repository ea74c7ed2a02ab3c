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
}
