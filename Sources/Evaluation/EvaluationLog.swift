import Experiment
import Foundation

/// One evaluation of a finished run.
public struct EvaluationEntry: Codable, Sendable, Equatable {
  /// When it was made, in ISO 8601.
  public let date: String
  /// Version of this program.
  public let overtrain: String
  /// The run's id.
  public let run: String
  /// The step that the weights are of.
  public let step: Int
  /// The corpus, by the name of its folder.
  public let corpus: String
  /// Fingerprint of the corpus.
  public let corpusFingerprint: String
  /// Loss on every validation set.
  public let validation: [ValidationLoss]
  /// Loss by position and token frequency, where it was asked for.
  public let detail: [LossDetail]?
  /// Error on every task.
  public let tasks: [TaskSummary]

  /// An evaluation made now.
  public init(
    run: String, step: Int, corpus: String, corpusFingerprint: String,
    validation: [ValidationLoss], detail: [LossDetail]? = nil, tasks: [TaskSummary]
  ) {
    date = Date.now.formatted(.iso8601)
    overtrain = overtrainVersion
    self.run = run
    self.step = step
    self.corpus = corpus
    self.corpusFingerprint = corpusFingerprint
    self.validation = validation
    self.detail = detail
    self.tasks = tasks
  }
}

/// Every evaluation of a run after its record was written: one line each, only ever added to.
public struct EvaluationLog: Sendable {
  /// `<run>/evaluation.jsonl`.
  public let url: URL

  /// The log in the folder of a run.
  public init(runFolder: URL) {
    url = runFolder.appendingPathComponent("evaluation.jsonl")
  }

  /// Adds `entry` as the last line; the file is whole at any moment.
  public func append(_ entry: EvaluationEntry) throws(UserError) {
    var lines = try contents()
    if let last = lines.last, last != UInt8(ascii: "\n") { lines.append(UInt8(ascii: "\n")) }
    do { lines.append(try StableJSON.encode(entry, pretty: false)) } catch {
      throw UserError(.failure, "cannot encode: \(error)", at: url.path)
    }
    lines.append(UInt8(ascii: "\n"))
    try DurableFile.write(lines, to: url)
  }

  /// Every entry, the oldest first.
  ///
  /// - Throws: `UserError` of kind `badData` with the line of what is not an entry.
  public func entries() throws(UserError) -> [EvaluationEntry] {
    var entries: [EvaluationEntry] = []
    for (i, line) in try contents().split(separator: UInt8(ascii: "\n")).enumerated() {
      do { entries.append(try JSONDecoder().decode(EvaluationEntry.self, from: line)) } catch {
        throw UserError(
          .badData, "not an evaluation: \(error)", at: "\(url.path):\(i + 1)",
          fix: "remove the line")
      }
    }
    return entries
  }

  private func contents() throws(UserError) -> Data {
    guard FileManager.default.fileExists(atPath: url.path) else { return Data() }
    do { return try Data(contentsOf: url) } catch {
      throw UserError(
        .io, "cannot read: \(error.localizedDescription)", at: url.path,
        fix: "check that you may read it; it is added to, never replaced")
    }
  }
}
