import Experiment
import Foundation
import Training

extension GridSweep {
  /// Bytes that the missing cells will need: what each leaves behind, and the checkpoints that are
  /// there for a while on every core.
  package func bytesNeeded(
    coreCount: Int, _ retention: CheckpointStore.Retention
  ) throws(UserError) -> Int {
    // Weights and two moments of 32 bits, and the files' headers.
    let checkpoints = try missing().map { 12 * ParameterCount($0.config.model).total + 16_384 }
    let passing = checkpoints.sorted(by: >).prefix(coreCount).reduce(0, +) * (retention.last + 1)
    var kept = 0
    for (cell, checkpoint) in zip(try missing(), checkpoints) {
      let retained = retention.everySteps.map { cell.config.training.steps / $0 } ?? 0
      let evaluation = cell.config.evaluation
      // The answer to an item is at most 250 bytes (measured: 196), the record and config 8 kB.
      kept +=
        checkpoint * (1 + retained) + 8192
        + GridPlan.logLineBytes * min(400, cell.config.training.steps + 1)
        + 250 * evaluation.itemsPerTask * evaluation.tasks.count
    }
    return kept + passing
  }

  /// Refuses a grid that does not fit on the disk, before hours are spent on it.
  func requireSpace(
    coreCount: Int, _ retention: CheckpointStore.Retention
  ) throws(UserError) {
    do { try DurableFile.makeFolder(store.folder) } catch {
      throw DurableFile.ioError(error, writing: store.folder)
    }
    let needed = try bytesNeeded(coreCount: coreCount, retention)
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: store.folder.path)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue, free < needed else {
      return
    }
    throw UserError(
      .io,
      "not enough disk space: the grid needs \(megabytes(needed)), \(megabytes(free)) are free",
      at: store.folder.path,
      fix: "free some space, keep fewer checkpoints, or choose another folder with --runs")
  }

  private func megabytes(_ bytes: Int) -> String {
    "\(bytes / 1_000_000).\(bytes / 100_000 % 10) MB"
  }
}
