import Experiment
import Foundation
import Kernels

/// Checkpoints of a run: `checkpoints/step-00001000/{model,optimizer}.safetensors, state.json,
/// COMPLETE`. COMPLETE holds the digest of each file. A checkpoint is written in a folder of another
/// name and appears, and goes, by one rename, so a kill leaves it whole or not there; one that is
/// damaged later is not used, and the one before it is.
public struct CheckpointStore: Sendable {
  private static let files = ["model.safetensors", "optimizer.safetensors", "state.json"]

  /// The run's folder.
  public let runFolder: URL
  /// Which checkpoints stay.
  public let retention: Retention
  private var folder: URL { runFolder.appendingPathComponent("checkpoints") }

  /// Which checkpoints stay when newer ones are written.
  public struct Retention: Sendable, Equatable {
    /// The newest ones, at least one.
    public let last: Int
    /// Those of steps that are a multiple of this; none if nil.
    public let everySteps: Int?

    /// - Parameters:
    ///   - last: how many of the newest stay
    ///   - everySteps: those of steps that are a multiple of this stay too
    public init(last: Int = 2, everySteps: Int? = nil) {
      precondition(last >= 1 && everySteps ?? 1 >= 1, "the newest checkpoint must stay")
      self.last = last
      self.everySteps = everySteps
    }
  }

  /// The checkpoints of the run in `runFolder`.
  public init(_ runFolder: URL, retention: Retention = Retention()) {
    self.runFolder = runFolder
    self.retention = retention
  }

  /// Saves the trainer, durably; then, when that can be read again, removes those not retained.
  public func save(_ trainer: Trainer, _ progress: RunProgress) throws(UserError) {
    precondition(progress.step == trainer.step, "progress and trainer are at different steps")
    let target = folder.appendingPathComponent(Self.name(trainer.step))
    if isValid(target) { return }
    let partial = folder.appendingPathComponent(".\(Self.name(trainer.step)).tmp")
    do {
      try DurableFile.makeFolder(folder)
      try? FileManager.default.removeItem(at: partial)
      try write(trainer, progress, to: partial)
      try? FileManager.default.removeItem(at: target)
      try DurableFile.move(partial, to: target)
    } catch {
      try? FileManager.default.removeItem(at: partial)
      throw DurableFile.ioError(error, writing: target)
    }
    guard isValid(target) else {
      throw UserError(
        .io, "what was written reads back differently", at: target.path,
        fix: "check the disk; the checkpoint before this one is kept")
    }
    prune(keepingLast: retention.last)
  }

  private func write(
    _ trainer: Trainer, _ progress: RunProgress, to partial: URL
  ) throws {
    var progress = progress
    progress.health = trainer.health
    let moments = trainer.optimizer
    let contents = [
      try SafeTensors.encode([("", trainer.weights)]),
      try SafeTensors.encode([
        ("first_moment.", moments.firstMoment), ("second_moment.", moments.secondMoment),
      ]),
      try StableJSON.encode(progress),
    ]
    try FileManager.default.createDirectory(at: partial, withIntermediateDirectories: false)
    var digests: [String: FileDigest] = [:]
    for (file, data) in zip(Self.files, contents) {
      try DurableFile.create(partial.appendingPathComponent(file), data)
      digests[file] = FileDigest(of: data)
    }
    try DurableFile.create(
      partial.appendingPathComponent("COMPLETE"), StableJSON.encode(digests))
    try DurableFile.synchronize(folder: partial)
  }

  /// Loads the newest valid checkpoint into `trainer`.
  ///
  /// - Parameters:
  ///   - log: what is left of the run's log; a checkpoint later than its first gap is not used, so
  ///     that the missing lines are written again
  ///   - warn: told of every invalid checkpoint, which is set aside under another name
  /// - Returns: the progress saved with it; nil when there is no valid checkpoint
  public func restore(
    _ trainer: Trainer, runID: String, log: MetricsLog.Intact? = nil, warn: (String) -> Void
  ) throws(UserError) -> RunProgress? {
    DurableFile.removeTemporaries(in: folder)
    for candidate in steps().reversed() {
      if let problem = problem(of: candidate) {
        setAside(candidate, problem, warn)
        continue
      }
      let state = try StableJSON.decode(
        RunProgress.self, from: candidate.appendingPathComponent("state.json"))
      guard state.runID == runID, state.step <= trainer.config.training.steps else {
        setAside(candidate, "belongs to the run \(state.runID)", warn)
        continue
      }
      if let log, let lines = state.loggedLines, lines > log.lines(through: state.step) {
        setAside(
          candidate, "comes after \(lines) lines of the log, which is damaged at \(log.damage)",
          warn)
        continue
      }
      try loadWeights(trainer.weights, from: candidate)
      let moments = trainer.optimizer
      try SafeTensors.load(
        [("first_moment.", moments.firstMoment), ("second_moment.", moments.secondMoment)],
        from: candidate.appendingPathComponent("optimizer.safetensors"))
      trainer.resume(state)
      return state
    }
    return nil
  }

  /// Loads the weights of the newest valid checkpoint.
  ///
  /// - Returns: the step that they are of; nil when there is no valid checkpoint
  public func restoreWeights(_ weights: ParameterBuffer) throws(UserError) -> Int? {
    guard let newest = steps().last(where: isValid) else { return nil }
    try loadWeights(weights, from: newest)
    return try StableJSON.decode(
      RunProgress.self, from: newest.appendingPathComponent("state.json")
    ).step
  }

  /// Removes all but the newest and those retained by their step, once the run is recorded.
  public func finish() { prune(keepingLast: 1) }

  private func prune(keepingLast count: Int) {
    for old in steps().dropLast(count) {
      if let every = retention.everySteps, let step = Self.step(old), step.isMultiple(of: every) {
        continue
      }
      // By a rename first, for a kill halfway must not leave half a checkpoint.
      let going = folder.appendingPathComponent(".\(old.lastPathComponent).tmp")
      try? DurableFile.move(old, to: going)
      try? FileManager.default.removeItem(at: going)
    }
  }

  private func loadWeights(_ weights: ParameterBuffer, from folder: URL) throws(UserError) {
    try SafeTensors.load([("", weights)], from: folder.appendingPathComponent("model.safetensors"))
  }

  private static func name(_ step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  private static func step(_ checkpoint: URL) -> Int? {
    Int(checkpoint.lastPathComponent.dropFirst("step-".count))
  }

  /// The checkpoints' folders in order of steps, valid or not.
  private func steps() -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasPrefix("step-") }.map(folder.appendingPathComponent)
      .sorted { (Self.step($0) ?? -1, $0.path) < (Self.step($1) ?? -1, $1.path) }
  }

  private func isValid(_ checkpoint: URL) -> Bool { problem(of: checkpoint) == nil }

  /// What is wrong with a checkpoint, with the file; nil when every byte is as it was written.
  private func problem(of checkpoint: URL) -> String? {
    let complete = checkpoint.appendingPathComponent("COMPLETE")
    guard let written = try? Data(contentsOf: complete) else { return "is incomplete: no COMPLETE" }
    guard let digests = try? StableJSON.decode([String: FileDigest].self, from: complete),
      (try? StableJSON.encode(digests)) == written
    else { return "is altered: COMPLETE, bytes 0 to \(written.count)" }
    for file in Self.files {
      let url = checkpoint.appendingPathComponent(file)
      guard let data = try? Data(contentsOf: url, options: .alwaysMapped) else {
        return "is incomplete: no \(file)"
      }
      guard let digest = digests[file] else {
        return "is altered: COMPLETE, bytes 0 to \(written.count), has no \(file)"
      }
      if let damage = digest.damage(to: data) {
        return "is altered: \(file), bytes \(damage.lowerBound) to \(damage.upperBound)"
      }
    }
    return nil
  }

  private func setAside(_ checkpoint: URL, _ reason: String, _ warn: (String) -> Void) {
    let aside = folder.appendingPathComponent(
      "invalid-\(checkpoint.lastPathComponent)-\(UUID().uuidString.prefix(8))")
    try? DurableFile.move(checkpoint, to: aside)
    warn(
      "\(checkpoint.path) \(reason); set aside as \(aside.lastPathComponent), going on from the "
        + "checkpoint before it")
  }
}
