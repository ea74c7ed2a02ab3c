import ArgumentParser
import Experiment
import Foundation
import Report
import Training

/// `overtrain status`
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Which runs of a folder are finished, running, failed, diverged or missing.",
    discussion: "Example: overtrain status data/runs/demo --json")

  @Argument(help: "A grid's folder, or a folder of grids.", completion: .directory)
  var folder = "data/runs"
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let runs = try Self.stores(in: URL(fileURLWithPath: folder)).flatMap { try Self.runs(of: $0) }
    if json {
      try printJSON(StatusOutput(runs))
    } else {
      print(Self.table(runs).rendered)
    }
  }

  /// The stores at `folder`: itself, or those one level below.
  private static func stores(in folder: URL) throws -> [RunStore] {
    let manager = FileManager.default
    func isGrid(_ url: URL) -> Bool {
      manager.fileExists(atPath: url.appendingPathComponent("cells.json").path)
    }
    if isGrid(folder) { return [RunStore(folder)] }
    let below = ((try? manager.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
      .map(folder.appendingPathComponent).filter(isGrid)
    guard !below.isEmpty else {
      throw UserError(
        .missingInput, "no grid has run here", at: folder.relativePath,
        fix: "overtrain sweep CONFIG makes one")
    }
    return below.map(RunStore.init)
  }

  static func table(of store: RunStore) throws -> Table { table(try runs(of: store)) }

  private static func table(_ runs: [RunStatus]) -> Table {
    var table = Table(columns: [
      "run", "role", "status", "step", "N", "D", "M", "loss", "bits/byte", "error", "id",
      runs.contains { $0.note != nil } ? "note" : "",
    ])
    for run in runs {
      table.add([
        run.label, run.role.rawValue, run.status.rawValue,
        run.steps.map { "\(run.step)/\($0)" } ?? "\(run.step)",
        run.parameters.map { short(Double($0)) } ?? "",
        run.tokens.map { short(Double($0)) } ?? "",
        run.tokenMultiplier.map { String(format: "%.0f", $0) } ?? "",
        run.loss.map { String(format: "%.4f", $0) } ?? "",
        run.bitsPerByte.map { String(format: "%.4f", $0) } ?? "",
        run.error.map { String(format: "%.3f", $0) } ?? "", run.id,
        run.note ?? "",
      ])
    }
    return table
  }

  private static func runs(of store: RunStore) throws -> [RunStatus] {
    try store.cells().map { try status(of: $0, store) }
  }

  private static func status(
    of cell: RunStore.Cell, _ store: RunStore
  ) throws(UserError) -> RunStatus {
    let folder = store.runFolder(cell.id)
    let running = RunLock.isHeld(folder)
    var record: RunRecord?
    var damage: String?
    do throws(UserError) {
      record = try store.record(for: cell.id)
    } catch  where error.kind == .badData {
      damage = "\(error.location ?? ""): \(error.what)"
    }
    return RunStatus(cell, record, step: lastStep(folder), running: running, damage: damage)
  }

  /// The step of the newest line of a run's log.
  private static func lastStep(_ folder: URL) -> Int {
    struct Line: Decodable { let step: Int }
    guard let log = try? Data(contentsOf: folder.appendingPathComponent("metrics.jsonl")) else {
      return 0
    }
    // The last line may be half written.
    let lines = log.split(separator: UInt8(ascii: "\n")).suffix(2).reversed()
    return lines.lazy.compactMap { try? JSONDecoder().decode(Line.self, from: $0).step }.first ?? 0
  }
}

/// One run as `status` shows it.
struct RunStatus: Encodable {
  enum Status: String, Encodable {
    case finished, running, failed, diverged, missing, damaged
  }

  let id: String
  let label: String
  let role: Role
  let status: Status
  let step: Int
  let steps: Int?
  let parameters: Int?
  let tokens: Int?
  let tokenMultiplier: Double?
  let loss: Double?
  let bitsPerByte: Double?
  let error: Double?
  /// Why it failed, diverged or cannot be read.
  let reason: String?
  /// Steps whose loss or gradient was far off.
  let incidents: [RunRecord.Incident]?

  /// What a person should know, in a few words.
  var note: String? {
    if let reason { return reason.split(whereSeparator: \.isNewline).first.map(String.init) }
    guard let incidents, let first = incidents.first else { return nil }
    let steps = incidents.count == 1 ? "1 spike" : "\(incidents.count) spikes"
    return "\(steps), the first at step \(first.step) (\(first.kind.rawValue))"
  }

  init(
    _ cell: RunStore.Cell, _ record: RunRecord?, step: Int, running: Bool, damage: String? = nil
  ) {
    id = cell.id
    label = cell.label
    role = cell.role
    switch record?.outcome.status {
    case .finished: status = .finished
    case .diverged: status = .diverged
    case .failed: status = .failed
    case nil: status = running ? .running : damage == nil ? .missing : .damaged
    }
    self.step = step
    steps = record?.config.training.steps
    parameters = record?.parameters.total
    tokens = record?.tokens
    tokenMultiplier = record.map { Double($0.tokens) / Double($0.parameters.total) }
    loss = record?.validationLoss
    bitsPerByte = record?.validation.first { $0.inDistribution }?.bitsPerByte
    error = record?.averageError
    reason = damage ?? record?.outcome.reason
    incidents = record?.incidents
  }
}

/// What `status --json` prints.
private struct StatusOutput: Encodable {
  let finished: Int
  let running: Int
  let failed: Int
  let diverged: Int
  let missing: Int
  let damaged: Int
  let runs: [RunStatus]

  init(_ runs: [RunStatus]) {
    func count(_ status: RunStatus.Status) -> Int { runs.filter { $0.status == status }.count }
    finished = count(.finished)
    running = count(.running)
    failed = count(.failed)
    diverged = count(.diverged)
    missing = count(.missing)
    damaged = count(.damaged)
    self.runs = runs
  }
}
