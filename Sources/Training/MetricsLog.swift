import Experiment
import Foundation

/// `metrics.jsonl`: one JSON object per logged step, in order, each step once. The last key of each
/// line, `check`, is the FNV-1a hash of the line before it, so a changed byte is found, and where.
public final class MetricsLog {
  /// The lines of training steps up to the first that is torn or changed.
  public struct Intact {
    fileprivate var ends: [(step: Int, byte: Int)] = []
    /// The byte at which the first bad line starts, or the file ends.
    public fileprivate(set) var damage: String

    /// How many there are of steps up to `step`.
    public func lines(through step: Int) -> Int { ends.prefix { $0.step <= step }.count }

    fileprivate func bytes(through step: Int) -> Int {
      ends.last { $0.step <= step }?.byte ?? 0
    }
  }

  /// Lines of training steps so far.
  public private(set) var lines: Int
  private let url: URL
  private let handle: FileHandle

  /// Opens the log of a run that goes on after `step`: lines of later steps, and a half-written
  /// last line, are removed, for those steps are done again; so are those of the final evaluation.
  public init(_ url: URL, resumingAt step: Int) throws(UserError) {
    self.url = url
    do {
      if !FileManager.default.fileExists(atPath: url.path) {
        try DurableFile.create(url, Data())
        try DurableFile.synchronize(folder: url.deletingLastPathComponent())
      }
      handle = try FileHandle(forUpdating: url)
      let intact = MetricsLog.intact(try handle.readToEnd() ?? Data(), url)
      lines = intact.lines(through: step)
      try handle.truncate(atOffset: UInt64(intact.bytes(through: step)))
    } catch {
      throw DurableFile.ioError(error, writing: url)
    }
  }

  deinit { try? handle.close() }

  /// What is left of the log at `url`, nothing when there is none.
  public static func intact(_ url: URL) -> Intact {
    intact((try? Data(contentsOf: url)) ?? Data(), url)
  }

  /// Appends a line.
  public func append(_ metrics: [String: Double]) throws(UserError) {
    do {
      // step and tokens are whole numbers, and read better as such.
      let fields = metrics.map { key, value in
        (key, key == "step" || key == "tokens" ? "\(Int(value))" : Self.number(value))
      }
      let line =
        "{"
        + fields.sorted { Self.rank($0.0) < Self.rank($1.0) }
        .map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",")
      try handle.write(contentsOf: Data("\(line)\(Self.check(line.utf8))\n".utf8))
      if metrics["train/loss"] != nil { lines += 1 }
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

  /// The end of a line that starts with `line`.
  private static func check(_ line: some Collection<UInt8>) -> String {
    ",\"check\":\"" + stableHash(line).hexadecimal + "\"}"
  }

  private static let checkLength = check("".utf8).utf8.count

  private static func intact(_ log: Data, _ url: URL) -> Intact {
    struct Line: Decodable {
      let step: Int
      let loss: Double?
      enum CodingKeys: String, CodingKey { case step, loss = "train/loss" }
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    var intact = Intact(damage: "")
    var start = log.startIndex
    while let end = log[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let text = log[start..<end]
      guard text.count > checkLength,
        Data(check(text.dropLast(checkLength)).utf8) == text.suffix(checkLength),
        let line = try? decoder.decode(Line.self, from: text),
        line.step > (intact.ends.last?.step ?? 0), line.loss != nil
      else { break }
      start = end + 1
      intact.ends.append((line.step, start - log.startIndex))
    }
    intact.damage = "\(url.path), byte \(start - log.startIndex)"
    return intact
  }
}
