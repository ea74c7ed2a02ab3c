import Experiment
import Foundation

/// `metrics.jsonl`: one JSON object per logged step, in order, each step once.
public final class MetricsLog {
  private let url: URL
  private let handle: FileHandle

  /// Opens the log of a run that goes on after `step`: lines of later steps, and a half-written
  /// last line, are removed, for those steps are done again; so are those of the final evaluation.
  public init(_ url: URL, resumingAt step: Int) throws(UserError) {
    self.url = url
    do {
      if !FileManager.default.fileExists(atPath: url.path) {
        guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
          throw CocoaError(.fileWriteNoPermission)
        }
      }
      handle = try FileHandle(forUpdating: url)
      let kept = MetricsLog.prefix(of: try handle.readToEnd() ?? Data(), through: step)
      try handle.truncate(atOffset: UInt64(kept))
    } catch {
      throw DurableFile.ioError(error, writing: url)
    }
  }

  deinit { try? handle.close() }

  /// Appends a line.
  public func append(_ metrics: [String: Double]) throws(UserError) {
    do {
      // step and tokens are whole numbers, and read better as such.
      let fields = metrics.map { key, value in
        (key, key == "step" || key == "tokens" ? "\(Int(value))" : Self.number(value))
      }
      let line = fields.sorted { Self.rank($0.0) < Self.rank($1.0) }
        .map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",")
      try handle.write(contentsOf: Data("{\(line)}\n".utf8))
    } catch {
      throw DurableFile.ioError(error, writing: url)
    }
  }

  /// Makes the lines durable; called before a checkpoint, so that no line before it is ever lost.
  public func synchronize() throws(UserError) {
    do { try handle.synchronize() } catch { throw DurableFile.ioError(error, writing: url) }
  }

  private static func number(_ value: Double) -> String {
    value.isFinite ? "\(value)" : "\"\(value)\""
  }

  private static func rank(_ key: String) -> String {
    key == "step" ? "0" : key == "tokens" ? "1" : "2\(key)"
  }

  /// How many bytes of the log hold whole lines of training steps up to `step`.
  private static func prefix(of log: Data, through step: Int) -> Int {
    struct Line: Decodable {
      let step: Int
      let loss: Double?
      enum CodingKeys: String, CodingKey { case step, loss = "train/loss" }
    }
    var kept = 0
    var start = log.startIndex
    while let end = log[start...].firstIndex(of: UInt8(ascii: "\n")) {
      guard let line = try? JSONDecoder().decode(Line.self, from: log[start..<end]),
        line.step <= step, line.loss != nil
      else { break }
      kept = end + 1 - log.startIndex
      start = end + 1
    }
    return kept
  }
}
