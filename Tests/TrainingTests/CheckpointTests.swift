import Corpus
import Experiment
import Foundation
import Testing
import Training

/// Checkpoints give back the same bits, and damaged ones are never used.
struct CheckpointTests {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")

  /// A run trained to the end with checkpoints after steps 4 and 8, and its final weights.
  func train() throws -> (RunConfig, TokenSequence, Data) {
    let (config, tokens) = try TrainerTests.make()
    let trainer = Trainer(config, tokens: tokens)
    var progress = RunProgress(runID: "r")
    while trainer.step < config.training.steps {
      progress.step = trainer.step(workers: 1).step
      if [4, 8].contains(trainer.step) { try CheckpointStore(folder).save(trainer, progress) }
    }
    return (config, tokens, trainer.weights.data)
  }

  func file(_ step: Int, _ name: String) -> URL {
    folder.appendingPathComponent("checkpoints/step-0000000\(step)/\(name)")
  }

  @Test(arguments: [1, 2]) func resumingGivesTheSameBits(workers: Int) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (config, tokens, final) = try train()
    let trainer = Trainer(config, tokens: tokens)
    let progress = try CheckpointStore(folder).restore(trainer, runID: "r") { _ in }
    #expect(progress?.step == 8)
    while trainer.step < config.training.steps { _ = trainer.step(workers: workers) }
    #expect(trainer.weights.data == final)
  }

  @Test(arguments: ["model.safetensors", "optimizer.safetensors", "state.json", "COMPLETE"])
  func damagedCheckpointIsSetAside(name: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (config, tokens, final) = try train()
    var bytes = try Data(contentsOf: file(8, name))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: file(8, name))
    let trainer = Trainer(config, tokens: tokens)
    var warnings: [String] = []
    let progress = try CheckpointStore(folder).restore(trainer, runID: "r") { warnings.append($0) }
    #expect(progress?.step == 4)
    #expect(warnings.count == 1 && warnings[0].contains("step-00000008"))
    while trainer.step < config.training.steps { _ = trainer.step(workers: 1) }
    #expect(trainer.weights.data == final)
  }

  /// Of a file longer than a MiB, the damaged MiB is named; of one from before, the whole file.
  @Test func damageHasAPlace() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (config, tokens) = try TrainerTests.make(shape: { $0.width = 160 })
    let trainer = Trainer(config, tokens: tokens)
    let store = CheckpointStore(folder)
    try store.save(trainer, RunProgress(runID: "r"))
    let moments = file(0, "optimizer.safetensors")
    let good = try Data(contentsOf: moments)
    var bad = good
    bad[1 << 20 + 5] ^= 1
    func complaint() throws -> String? {
      try bad.write(to: moments)
      var warnings: [String] = []
      #expect(try store.restore(trainer, runID: "r") { warnings.append($0) } == nil)
      return warnings.first
    }
    let said = try complaint()
    let place = "optimizer.safetensors, bytes 1048576 to 2097152"
    #expect(said?.contains(place) == true, "\(said ?? "")")

    try store.save(trainer, RunProgress(runID: "r"))
    var older: [String: String] = [:]
    for name in ["model.safetensors", "optimizer.safetensors", "state.json"] {
      older[name] = Checksum.sha256(of: try Data(contentsOf: file(0, name)))
    }
    try StableJSON.encode(older).write(to: file(0, "COMPLETE"))
    #expect(try store.restore(trainer, runID: "r") { Issue.record("\($0)") }?.step == 0)
    #expect(try complaint()?.contains("optimizer.safetensors, bytes 0 to \(good.count)") == true)
  }

  @Test func truncatedAndMissingFilesAreNotValid() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (config, tokens, _) = try train()
    try Data(contentsOf: file(8, "model.safetensors")).dropLast(4).write(
      to: file(8, "model.safetensors"))
    try FileManager.default.removeItem(at: file(4, "COMPLETE"))
    let trainer = Trainer(config, tokens: tokens)
    var warnings = 0
    #expect(try CheckpointStore(folder).restore(trainer, runID: "r") { _ in warnings += 1 } == nil)
    #expect(warnings == 2)
    #expect(trainer.step == 0)
  }

  @Test func anotherRunsCheckpointIsNotUsed() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (config, tokens, _) = try train()
    let trainer = Trainer(config, tokens: tokens)
    #expect(try CheckpointStore(folder).restore(trainer, runID: "other") { _ in } == nil)
  }

  @Test func safeTensorsSaysWhatIsWrong() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (config, tokens, _) = try train()
    let trainer = Trainer(config, tokens: tokens)
    let url = file(8, "model.safetensors")
    func message(_ change: (inout Data) -> Void) throws -> String {
      let whole = try Data(contentsOf: url)
      var bytes = whole
      change(&bytes)
      let damaged = folder.appendingPathComponent("damaged")
      try bytes.write(to: damaged)
      do { try SafeTensors.load([("", trainer.weights)], from: damaged) } catch {
        return error.description
      }
      return "no error"
    }
    #expect(try message { $0 = $0.prefix(3) }.contains("cut short"))
    #expect(try message { $0[6] = 0xff }.contains("the header is said to have"))
    #expect(try message { $0[8] = UInt8(ascii: "[") }.contains("not valid JSON"))
    #expect(try message { $0 = $0.dropLast(100) }.contains("outside the file"))
    #expect(try message { _ in } == "no error")
  }

  /// The last k and those of every nth step stay; the newest always does.
  @Test func retention() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (config, tokens) = try TrainerTests.make()
    let trainer = Trainer(config, tokens: tokens)
    let store = CheckpointStore(folder, retention: .init(last: 2, everySteps: 4))
    func steps() throws -> [Int] {
      try FileManager.default.contentsOfDirectory(
        atPath: folder.appendingPathComponent("checkpoints").path
      ).filter { $0.hasPrefix("step-") }.compactMap { Int($0.dropFirst(5)) }.sorted()
    }
    while trainer.step < 11 {
      var progress = RunProgress(runID: "r")
      progress.step = trainer.step(workers: 1).step
      try store.save(trainer, progress)
    }
    #expect(try steps() == [4, 8, 10, 11])
    store.finish()
    #expect(try steps() == [4, 8, 11])
    CheckpointStore(folder).finish()
    #expect(try steps() == [11])
  }

  /// A log that has lost lines takes back the checkpoint to before the gap, and says so.
  @Test func aGapInTheLogIsTrainedAgain() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (config, tokens) = try TrainerTests.make()
    let trainer = Trainer(config, tokens: tokens)
    let url = folder.appendingPathComponent("metrics.jsonl")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let log = try MetricsLog(url, resumingAt: 0)
    var progress = RunProgress(runID: "r")
    while trainer.step < 8 {
      let report = trainer.step(workers: 1)
      try log.append(["step": Double(report.step), "tokens": 1, "train/loss": report.loss])
      progress.step = report.step
      progress.loggedLines = log.lines
      if report.step % 4 == 0 { try CheckpointStore(folder).save(trainer, progress) }
    }
    var text = try Data(contentsOf: url)
    let sixth = text.split(separator: UInt8(ascii: "\n"))[5].startIndex
    text[sixth + 3] ^= 1
    try text.write(to: url)
    var warnings: [String] = []
    let fresh = Trainer(config, tokens: tokens)
    let state = try CheckpointStore(folder).restore(
      fresh, runID: "r", log: MetricsLog.intact(url)
    ) { warnings.append($0) }
    #expect(state?.step == 4)
    #expect(warnings.count == 1 && warnings[0].contains("byte \(sixth)"), "\(warnings)")
  }
}
