import ConfigFiles
import Corpus
import Evaluation
import Experiment
import Foundation
import Kernels
import Training

/// Turns a `RunConfig` into a `RunRecord`: trains, logs, saves, evaluates, and goes on after any
/// interruption with the same bits.
public struct Runner: Sendable {
  /// Where the records go.
  public let store: RunStore
  /// When checkpoints are written, and which of them stay.
  public let saving: Saving
  let peakFLOPS: Double
  let cores: Cores
  let stop: StopSignal
  let progress: SweepProgress
  let digests: StepDigests?
  let warn: @Sendable (String) -> Void

  /// When checkpoints are written, and which of them stay; a run's bits do not depend on it.
  public struct Saving: Sendable {
    /// Seconds between checkpoints, at least.
    public let seconds: Double
    /// The most of the time that saving may take; where it takes longer, it is done less often.
    public let mostShare: Double
    /// Which checkpoints stay; one is written at each step that it retains.
    public let retention: CheckpointStore.Retention

    /// - Parameters:
    ///   - seconds: seconds between checkpoints, however long one takes; if nil, 20, or so many that
    ///     saving takes at most 1 % of the time
    ///   - retention: which checkpoints stay
    public init(
      seconds: Double? = nil, retention: CheckpointStore.Retention = CheckpointStore.Retention()
    ) {
      self.seconds = seconds ?? 20
      mostShare = seconds == nil ? 0.01 : 1
      self.retention = retention
    }
  }

  /// - Parameters:
  ///   - store: where the records go
  ///   - saving: when checkpoints are written, and which of them stay
  ///   - peakFLOPS: what a large product reaches on one core, for the log's utilisation
  ///   - cores: cores that are idle beside the one that the caller runs on
  ///   - stop: looked at between steps
  ///   - progress: told of every step
  ///   - digests: where the digest of each step is written, if anywhere
  ///   - warn: told of what the user should know, a line each
  public init(
    store: RunStore, saving: Saving = Saving(), peakFLOPS: Double, cores: Cores,
    stop: StopSignal, progress: SweepProgress, digests: StepDigests? = nil,
    warn: @escaping @Sendable (String) -> Void
  ) {
    self.store = store
    self.saving = saving
    self.digests = digests
    self.peakFLOPS = peakFLOPS
    self.cores = cores
    self.stop = stop
    self.progress = progress
    self.warn = warn
  }

  /// Trains and measures the run `id`, or returns the record that is stored.
  ///
  /// - Throws: `UserError` of kind `interrupted` after a stop, with everything saved; `busy` when
  ///   another process is training the run.
  public func run(
    _ config: RunConfig, id: String, corpus: TokenizedCorpus, evaluator: Evaluator
  ) throws(UserError) -> RunRecord {
    let folder = store.runFolder(id)
    let lock = try RunLock(folder)
    defer { withExtendedLifetime(lock) {} }
    DurableFile.removeTemporaries(in: folder)
    if let record = try finished(id) { return record }
    let configFile = folder.appendingPathComponent("config.yaml")
    if !FileManager.default.fileExists(atPath: configFile.path) {
      try ConfigFile.save(config, to: configFile)
    }
    let checkpoints = CheckpointStore(folder, retention: saving.retention)
    let trainer = try Trainer(config, corpus: corpus)
    let logFile = folder.appendingPathComponent("metrics.jsonl")
    var state =
      try checkpoints.restore(
        trainer, runID: id, log: MetricsLog.intact(logFile), warn: warn) ?? RunProgress(runID: id)
    let log = try MetricsLog(logFile, resumingAt: state.step)

    let divergence = try train(trainer, &state, log, checkpoints, id)
    var validation: [ValidationLoss] = []
    var tasks: [TaskError] = []
    if divergence == nil {
      (validation, tasks) = try evaluate(trainer, evaluator, log, folder)
    }
    let record = RunRecord(
      id: id, config: config, uniqueTokens: trainer.uniqueTokens,
      outcome: divergence ?? .init(.finished), finalTrainLoss: state.finalLoss.mean,
      validation: validation, tasks: tasks,
      incidents: trainer.health.incidents.isEmpty ? nil : trainer.health.incidents,
      environment: .current)
    // Before the record, for after it nothing would come back to do it.
    checkpoints.finish()
    try store.save(record)
    progress.end(id, config)
    return record
  }

  /// The record of a run that is over. One that is damaged is set aside: the run's last checkpoint
  /// makes it anew.
  private func finished(_ id: String) throws(UserError) -> RunRecord? {
    do throws(UserError) {
      guard let record = try store.record(for: id), record.outcome.status != .failed else {
        return nil
      }
      return record
    } catch  where error.kind == .badData {
      warn("\(error.location ?? id): \(error.what); set aside, made anew from the checkpoint")
      try store.setAsideRecord(of: id)
      return nil
    }
  }

  /// Steps to the end of the run, or to its divergence, which is returned.
  private func train(
    _ trainer: Trainer, _ state: inout RunProgress, _ log: MetricsLog,
    _ checkpoints: CheckpointStore, _ id: String
  ) throws(UserError) -> RunRecord.Outcome? {
    let config = trainer.config
    let training = config.training
    let logEvery = max(1, training.steps / 200)
    let tailStart = training.steps - max(1, training.steps / 10)
    var throughput = Throughput(config, from: trainer.step, peakFLOPS: peakFLOPS)
    var lastSave = ContinuousClock.now
    var pause = Duration.seconds(saving.seconds)
    progress.update(id, config, step: trainer.step)
    while trainer.step < training.steps {
      if stop.isSet {
        try save(trainer, state, log, checkpoints)
        throw UserError(
          .interrupted, "stopped at step \(trainer.step) of \(training.steps)", at: id,
          fix: "run the same command again to go on")
      }
      let borrowed = cores.take(upTo: config.mostWorkers - 1)
      let report = trainer.step(workers: 1 + borrowed)
      cores.give(borrowed)
      state.step = report.step
      state.loggedLoss.add(report.loss)
      if report.step > tailStart { state.finalLoss.add(report.loss) }
      if report.step % logEvery == 0 || report.step == training.steps || report.diverged {
        let rate = throughput.lap(step: report.step, workers: 1 + borrowed)
        try log.append([
          "step": Double(report.step),
          "tokens": Double(report.step * training.batchTokens),
          "train/loss": state.loggedLoss.mean ?? .nan,
          "train/lr": report.learningRate,
          "train/grad_norm": report.gradientNorm,
          "throughput/tokens_per_second": rate.tokensPerSecond,
          "throughput/mfu": rate.utilisation,
        ])
        state.loggedLoss = .init()
      }
      try digests?.write(trainer)
      if let reason = report.failure {
        return .init(.diverged, step: report.step, reason: reason)
      }
      progress.update(id, config, step: report.step)
      let isRetained =
        saving.retention.everySteps.map { report.step.isMultiple(of: $0) } ?? false
      if isRetained || ContinuousClock.now - lastSave > pause {
        let start = ContinuousClock.now
        try save(trainer, state, log, checkpoints)
        lastSave = .now
        pause = max(.seconds(saving.seconds), (lastSave - start) / saving.mostShare)
      }
    }
    try save(trainer, state, log, checkpoints)
    return nil
  }

  /// Measures the finished model, logs the losses and stores every item of every task.
  private func evaluate(
    _ trainer: Trainer, _ evaluator: Evaluator, _ log: MetricsLog, _ folder: URL
  ) throws(UserError) -> ([ValidationLoss], [TaskError]) {
    let shouldStop: @Sendable () -> Bool = { [stop] in stop.isSet }
    let borrowed = cores.take(upTo: .max)
    defer { cores.give(borrowed) }
    let validation = try evaluator.validation(
      trainer.model, trainer.weights, seeds: trainer.config.seeds, workers: 1 + borrowed,
      shouldStop: shouldStop)
    let results = try evaluator.answers(
      trainer.model, trainer.weights, workers: 1 + borrowed, shouldStop: shouldStop)
    for result in results { try result.write(to: folder.appendingPathComponent("eval")) }
    var line = [
      "step": Double(trainer.step),
      "tokens": Double(trainer.step * trainer.config.training.batchTokens),
    ]
    for set in validation {
      line["val/\(set.set)/loss"] = set.loss
      line["val/\(set.set)/bpb"] = set.bitsPerByte
    }
    try log.append(line)
    try log.synchronize()
    return (validation, results.map(\.error))
  }

  private func save(
    _ trainer: Trainer, _ state: RunProgress, _ log: MetricsLog, _ checkpoints: CheckpointStore
  ) throws(UserError) {
    var state = state
    state.loggedLines = log.lines
    try log.synchronize()
    try checkpoints.save(trainer, state)
  }
}
