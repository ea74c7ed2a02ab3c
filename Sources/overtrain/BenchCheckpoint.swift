import Experiment
import Foundation
import Kernels
import Sweep
import Training

/// What a checkpoint costs.
struct CheckpointCost: Encodable {
  /// To write it durably and read it back, the median of three.
  let seconds: Double
  /// Of its files.
  let bytes: Int
  /// The same over the bytes of weights and two moments.
  let timesState: Double
  /// Of the time of a run at the default interval.
  let share: Double

  /// Saves three times below the working folder: there runs are written too.
  init(_ trainer: Trainer) throws {
    let folder = URL(fileURLWithPath: ".bench-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var progress = RunProgress(runID: "bench")
    progress.step = trainer.step
    let costs = try (0..<3).map { _ in
      try? FileManager.default.removeItem(at: folder)
      let store = CheckpointStore(folder, retention: .init(last: 1))
      return try ContinuousClock().measure { try store.save(trainer, progress) }
    }.sorted()
    let files = FileManager.default.enumerator(
      at: folder, includingPropertiesForKeys: nil)
    let sizes = try (files?.allObjects as? [URL] ?? []).map {
      try $0.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey])
    }
    bytes = sizes.reduce(0) { $0 + ($1.isRegularFile == true ? $1.fileSize ?? 0 : 0) }
    timesState = Double(bytes) / Double(3 * 4 * ParameterCount(trainer.config.model).total)
    seconds = costs[1] / .seconds(1)
    share = costs[1] / (costs[1] + Runner.Saving().pause(after: costs[1]))
  }
}
