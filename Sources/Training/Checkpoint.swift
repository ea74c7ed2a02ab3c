import Crypto
import Experiment
import Foundation
import Kernels

/// What a run's loop remembers between steps, beside weights and moments.
public struct RunProgress: Codable, Sendable, Equatable {
  /// The run that this is the progress of.
  public let runID: String
  /// Steps done.
  public var step = 0
  /// Sum of the step losses since the last line of the log, and how many.
  public var loggedLoss = Sum()
  /// Sum of the step losses in the last tenth of the run, and how many.
  public var finalLoss = Sum()

  /// A sum and its count.
  public struct Sum: Codable, Sendable, Equatable {
    /// The sum.
    public var total = 0.0
    /// How many values it has.
    public var count = 0
    /// The mean, nil of nothing.
    public var mean: Double? { count > 0 ? total / Double(count) : nil }

    /// The sum of nothing.
    public init() {}

    /// Adds a value.
    public mutating func add(_ value: Double) {
      total += value
      count += 1
    }
  }

  /// The progress of a run that has not begun.
  public init(runID: String) { self.runID = runID }
}

/// Checkpoints of a run: `checkpoints/step-00001000/{model,optimizer}.safetensors, state.json,
/// COMPLETE`. COMPLETE is written last and holds the SHA-256 of each file; without it, or with
/// another digest, a checkpoint is not valid and the one before it is used.
public struct CheckpointStore: Sendable {
  private static let files = ["model.safetensors", "optimizer.safetensors", "state.json"]

  /// The run's folder.
  public let runFolder: URL
  private var folder: URL { runFolder.appendingPathComponent("checkpoints") }

  /// The checkpoints of the run in `runFolder`.
  public init(_ runFolder: URL) { self.runFolder = runFolder }

  /// Saves the trainer, durably, then removes all but the last two checkpoints.
  public func save(_ trainer: Trainer, _ progress: RunProgress) throws(UserError) {
    precondition(progress.step == trainer.step, "progress and trainer are at different steps")
    let target = folder.appendingPathComponent(name(trainer.step))
    if isValid(target) { return }
    let moments = trainer.optimizer
    var digests: [String: String] = [:]
    do {
      try? FileManager.default.removeItem(at: target)
      let contents = [
        try SafeTensors.encode([("", trainer.weights)]),
        try SafeTensors.encode([
          ("first_moment.", moments.firstMoment), ("second_moment.", moments.secondMoment),
        ]),
        try StableJSON.encode(progress),
      ]
      for (file, data) in zip(Self.files, contents) {
        try DurableFile.write(data, to: target.appendingPathComponent(file))
        digests[file] = digest(data)
      }
      try DurableFile.write(json: digests, to: target.appendingPathComponent("COMPLETE"))
      try DurableFile.synchronize(folder: folder)
    } catch {
      throw DurableFile.ioError(error, writing: target)
    }
    for old in steps().dropLast(2) { try? FileManager.default.removeItem(at: old) }
  }

  /// Loads the newest valid checkpoint into `trainer`.
  ///
  /// - Parameter warn: told of every invalid checkpoint, which is set aside under another name
  /// - Returns: the progress saved with it; nil when there is no valid checkpoint
  public func restore(
    _ trainer: Trainer, runID: String, warn: (String) -> Void
  ) throws(UserError) -> RunProgress? {
    for candidate in steps().reversed() {
      guard isValid(candidate) else {
        setAside(candidate, "is incomplete or altered", warn)
        continue
      }
      let state = try StableJSON.decode(
        RunProgress.self, from: candidate.appendingPathComponent("state.json"))
      guard state.runID == runID, state.step <= trainer.config.training.steps else {
        setAside(candidate, "belongs to the run \(state.runID)", warn)
        continue
      }
      try loadWeights(trainer.weights, from: candidate)
      let moments = trainer.optimizer
      try SafeTensors.load(
        [("first_moment.", moments.firstMoment), ("second_moment.", moments.secondMoment)],
        from: candidate.appendingPathComponent("optimizer.safetensors"))
      trainer.resume(at: state.step)
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

  /// Removes the moments of the final checkpoint, which nothing needs once the run is recorded.
  public func removeAll(keeping step: Int) {
    for url in steps() where url.lastPathComponent != name(step) {
      try? FileManager.default.removeItem(at: url)
    }
  }

  private func loadWeights(_ weights: ParameterBuffer, from folder: URL) throws(UserError) {
    try SafeTensors.load([("", weights)], from: folder.appendingPathComponent("model.safetensors"))
  }

  private func name(_ step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  /// The checkpoints' folders in order of steps, valid or not.
  private func steps() -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasPrefix("step-") }.sorted().map(folder.appendingPathComponent)
  }

  private func isValid(_ checkpoint: URL) -> Bool {
    guard
      let digests = try? StableJSON.decode(
        [String: String].self, from: checkpoint.appendingPathComponent("COMPLETE"))
    else { return false }
    return Self.files.allSatisfy { file in
      guard
        let data = try? Data(
          contentsOf: checkpoint.appendingPathComponent(file), options: .alwaysMapped)
      else { return false }
      return digest(data) == digests[file]
    }
  }

  private func setAside(_ checkpoint: URL, _ reason: String, _ warn: (String) -> Void) {
    let aside = folder.appendingPathComponent(
      "invalid-\(checkpoint.lastPathComponent)-\(UUID().uuidString.prefix(8))")
    try? DurableFile.move(checkpoint, to: aside)
    warn("\(checkpoint.path) \(reason); set aside as \(aside.lastPathComponent)")
  }

  private func digest(_ data: Data) -> String {
    SHA256.hash(data: data).map { byte in
      let hex = String(byte, radix: 16)
      return hex.count == 1 ? "0" + hex : hex
    }.joined()
  }
}
