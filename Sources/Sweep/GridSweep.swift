import Corpus
import Dispatch
import Evaluation
import Experiment
import Foundation
import Kernels
import Synchronization

/// Runs what a grid is missing, on all cores; a cell that fails never stops the others.
public struct GridSweep: Sendable {
  /// The grid's runs.
  public let cells: [GridCell]
  /// Where the records go.
  public let store: RunStore
  private let corpora: [String: TokenizedCorpus]

  /// - Parameters:
  ///   - cells: the grid's runs
  ///   - corpora: every corpus of the cells, opened
  ///   - store: where the records go
  public init(_ cells: [GridCell], corpora: [String: TokenizedCorpus], store: RunStore) {
    self.cells = cells
    self.corpora = corpora
    self.store = store
  }

  /// The cells without a finished or diverged record, those whose record is damaged among them.
  public func missing() throws(UserError) -> [GridCell] {
    var missing: [GridCell] = []
    for cell in cells where try !isDone(cell) { missing.append(cell) }
    return missing
  }

  private func isDone(_ cell: GridCell) throws(UserError) -> Bool {
    do throws(UserError) {
      let status = try store.record(for: cell.id)?.outcome.status
      return status != nil && status != .failed
    } catch  where error.kind == .badData { return false }
  }

  /// Runs every missing cell, the dearest first, one on each core; cores without a cell of their own
  /// help the others.
  ///
  /// Cells that another process is training are left to the end: then they are done, or it has died
  /// and they are taken over.
  ///
  /// - Throws: `UserError` of kind `interrupted` after a stop; the first I/O error, which stops the
  ///   others too, with everything saved that can be. Cells that fail otherwise get a record that
  ///   says so.
  public func run(
    coreCount: Int, saving: Runner.Saving, stop: StopSignal, progress: SweepProgress,
    warn: @escaping @Sendable (String) -> Void
  ) throws(UserError) {
    try requireSpace(coreCount: coreCount, saving.retention)
    DurableFile.removeTemporaries(in: store.folder)
    try store.save(cells: cells.map { .init(id: $0.id, label: $0.config.label, role: $0.role) })
    let missing = try missing().sorted { flops($0) > flops($1) }
    guard !missing.isEmpty else { return }
    let evaluators = try evaluators(for: missing)
    for (key, evaluator) in evaluators { evaluator.doubts(key.evaluation).forEach(warn) }
    progress.begin(missing)
    let cores = Cores(0)
    let runner = Runner(
      store: store, saving: saving,
      peakFLOPS: 1e9 * max(productGFLOPS(seconds: 0.02), BLAS.sgemmGFLOPS(seconds: 0.02)),
      cores: cores, stop: stop, progress: progress, warn: warn)
    let queue = CellQueue(missing)
    let errors = Mutex<[UserError]>([])
    DispatchQueue.concurrentPerform(iterations: coreCount) { _ in
      while let cell = queue.next(stop: stop) {
        guard let corpus = corpora[cell.config.corpus],
          let evaluator = evaluators[EvaluatorKey(cell.config)]
        else { preconditionFailure("a cell without its corpus") }
        do throws(UserError) {
          let record = try runner.run(
            cell.config, id: cell.id, corpus: corpus, evaluator: evaluator)
          if record.outcome.status == .diverged {
            warn("\(record.label) diverged at step \(record.outcome.step ?? 0)")
          }
        } catch {
          guard error.kind != .busy else {
            if queue.postpone(cell) {
              warn("\(cell.config.label): \(error.what); left for later")
            }
            continue
          }
          warn("\(cell.config.label): \(error)")
          errors.withLock { $0.append(error) }
          if error.kind == .io { stop.set() }
          if ![.interrupted, .io].contains(error.kind) { recordFailure(of: cell, error, warn) }
        }
      }
      cores.give(1)
    }
    try report(errors.withLock { $0 }, stopped: stop.isSet)
  }

  private func report(_ errors: [UserError], stopped: Bool) throws(UserError) {
    if let io = errors.first(where: { $0.kind == .io }) { throw io }
    guard !stopped else {
      throw UserError(
        .interrupted, "stopped; everything done is saved",
        fix: "run the same command again to go on")
    }
    if let first = errors.first { throw first }
  }

  private func recordFailure(
    of cell: GridCell, _ error: UserError, _ warn: @Sendable (String) -> Void
  ) {
    let record = RunRecord(
      id: cell.id, config: cell.config, uniqueTokens: 0,
      outcome: .init(.failed, reason: error.description), finalTrainLoss: nil, validation: [],
      tasks: [], environment: .current)
    do { try store.save(record) } catch { warn("\(error)") }
  }

  private struct EvaluatorKey: Hashable {
    let corpus: String
    let evaluation: EvaluationConfig
    let contextLength: Int

    init(_ config: RunConfig) {
      corpus = config.corpus
      evaluation = config.evaluation
      contextLength = config.model.contextLength
    }
  }

  /// One evaluator for all cells that are measured alike: its items are made once.
  private func evaluators(
    for cells: [GridCell]
  ) throws(UserError) -> [EvaluatorKey: Evaluator] {
    var evaluators: [EvaluatorKey: Evaluator] = [:]
    for cell in cells {
      let key = EvaluatorKey(cell.config)
      guard evaluators[key] == nil else { continue }
      evaluators[key] = try Evaluator(cell.config, corpora: corpora)
    }
    return evaluators
  }

  private func flops(_ cell: GridCell) -> Double {
    cell.config.model.trainingFLOPsPerToken * Double(cell.config.training.tokens)
  }
}

extension RunRecord.Environment {
  /// This machine and this program.
  public static var current: Self {
    .init(processor: CPU.model, blas: BLAS.description, overtrain: overtrainVersion)
  }
}
