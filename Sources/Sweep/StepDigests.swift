import Experiment
import Foundation
import Synchronization
import Training

/// A file with a line per step, `step SHA-256`, of weights and moments after it: two runs with equal
/// lines have had the same bits all the way. A step that is done again has a line again.
public final class StepDigests: Sendable {
  private let url: URL
  private let handle: Mutex<FileHandle>

  /// Adds to the file at `url`, which is made if it is not there.
  public init(_ url: URL) throws(UserError) {
    self.url = url
    do {
      if !FileManager.default.fileExists(atPath: url.path) {
        try DurableFile.create(url, Data())
      }
      let file = try FileHandle(forWritingTo: url)
      try file.seekToEnd()
      handle = Mutex(file)
    } catch { throw DurableFile.ioError(error, writing: url) }
  }

  func write(_ trainer: Trainer) throws(UserError) {
    let line = Data("\(trainer.step) \(trainer.digest)\n".utf8)
    do { try handle.withLock { try $0.write(contentsOf: line) } } catch {
      throw DurableFile.ioError(error, writing: url)
    }
  }

  /// The lines of the file at `url`, in order; one cut off by a kill is left out.
  public static func read(_ url: URL) throws(UserError) -> [(step: Int, digest: Substring)] {
    let text: String
    do { text = try String(contentsOf: url, encoding: .utf8) } catch {
      throw UserError(.missingInput, "cannot read the digests", at: url.path)
    }
    return text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ")
      guard parts.count == 2, parts[1].count == 64, let step = Int(parts[0]) else { return nil }
      return (step, parts[1])
    }
  }
}
