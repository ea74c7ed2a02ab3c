import Experiment
import Foundation
import ScalingLaws

/// Made-up runs of the demo grid: losses from a known law with a little noise, and their metrics.
enum SampleRuns {
  static let law = OverTrainingLaw(E: 1.1, A: 17, B: 27, alpha: 0.32)
  static let error = ErrorLaw(epsilon: 0.77, k: 1.4, gamma: 1.1)

  /// Size letter, width, layers, heads.
  static let sizes = [
    "a": (16, 2, 2), "b": (24, 2, 3), "c": (32, 2, 4), "d": (48, 2, 6), "e": (64, 3, 8),
  ]
  static let cells: [(size: String, m: Double, replicate: Int, role: Role)] = [
    ("a", 20, 0, .fit), ("b", 20, 0, .fit), ("c", 20, 0, .fit), ("d", 20, 0, .fit),
    ("a", 320, 0, .fit), ("a", 80, 0, .validate), ("b", 80, 0, .validate),
    ("a", 640, 0, .validate), ("e", 20, 0, .holdout), ("b", 640, 0, .holdout),
    ("d", 80, 0, .holdout), ("a", 20, 1, .replicate), ("a", 20, 2, .replicate),
    ("b", 20, 1, .replicate), ("b", 20, 2, .replicate),
  ]

  /// A record; `change` makes it unlike the others.
  static func record(
    size: String = "a", m: Double = 20, replicate: Int = 0, corpus: String = "prose",
    fingerprint: String = "f00d", vocabulary: Int = 256,
    outcome: RunRecord.Outcome = .init(.finished), random: inout RandomSource
  ) throws -> RunRecord {
    let (width, layers, heads) = sizes[size] ?? (16, 2, 2)
    var options = ModelOptions()
    options.width = width
    options.layers = layers
    options.heads = heads
    options.contextLength = 64
    options.qkNorm = .perHead
    let model = try ModelConfig(options, vocabularySize: vocabulary)
    let n = ParameterCount(model).total
    let training = try TrainingConfig(
      TrainingOptions(), model: model, parameters: n, horizon: Int(Double(n) * m))
    let config = RunConfig(
      corpus: corpus, corpusFingerprint: fingerprint, size: size, model: model,
      training: training, evaluation: EvaluationConfig(), tokenMultiplier: m,
      replicate: replicate, seed: UInt64(replicate))
    let loss =
      law.loss(parameters: Double(n), tokens: Double(training.tokens))
      * exp(0.003 * random.normal())
    let wrong = error.error(atLoss: loss) + 0.004 * random.normal()
    let finished = outcome.status == .finished
    return RunRecord(
      id: try config.id, config: config, uniqueTokens: training.tokens, outcome: outcome,
      finalTrainLoss: finished ? loss - 0.01 : nil,
      validation: finished
        ? [
          ValidationLoss(
            set: "val", inDistribution: true, loss: loss, low: loss - 0.01, high: loss + 0.01,
            bitsPerByte: loss / log(2), tokens: 1000, bytes: 1000, sequences: 10)
        ] : [],
      tasks: finished
        ? [TaskError(task: "cloze", wrong: Int(wrong * 2000), items: 2000, chance: 0.75)] : [],
      environment: .init(processor: "test", blas: "none", overtrain: "test"))
  }

  /// Writes the grid: records, cells and metrics. One more run has diverged.
  @discardableResult static func write(to folder: URL) throws -> RunStore {
    let store = RunStore(folder)
    var random = RandomSource(seed: 3)
    var entries: [RunStore.Cell] = []
    for cell in cells {
      let record = try record(
        size: cell.size, m: cell.m, replicate: cell.replicate, random: &random)
      try store.save(record)
      try metrics(of: record, random: &random).write(
        to: store.runFolder(record.id).appendingPathComponent("metrics.jsonl"),
        atomically: true, encoding: .utf8)
      entries.append(.init(id: record.id, label: record.label, role: cell.role))
    }
    let lost = try record(
      size: "c", m: 80, outcome: .init(.diverged, step: 120, reason: "loss is not a number"),
      random: &random)
    try store.save(lost)
    entries.append(.init(id: lost.id, label: lost.label, role: .validate))
    entries.append(.init(id: "not-yet", label: "d320", role: .validate))
    try store.save(cells: entries)
    return store
  }

  private static func metrics(of record: RunRecord, random: inout RandomSource) -> String {
    let n = Double(record.parameters.total)
    let training = record.config.training
    var lines: [String] = []
    for step in 1...training.steps {
      let tokens = Double(step * training.batchTokens)
      let share = Double(step) / Double(training.steps)
      let loss =
        min(5.5, law.loss(parameters: n, tokens: tokens * 0.8)) + 0.12 * (1 - share)
        + 0.06 * random.normal()
      var line = "{\"step\":\(step),\"tokens\":\(Int(tokens)),\"train/loss\":\(loss)"
      if step == training.steps || step.isMultiple(of: max(1, training.steps / 4)) {
        line += ",\"val/val/loss\":\(loss)"
      }
      lines.append(line + "}")
    }
    return lines.joined(separator: "\n") + "\n{\"step\":99,\"tok"
  }

  /// Runs `body` with a folder that is gone afterwards, unless KEEP_SAMPLE_RUNS names one to keep.
  static func inFolder(_ body: (URL) throws -> Void) throws {
    if let kept = ProcessInfo.processInfo.environment["KEEP_SAMPLE_RUNS"] {
      return try body(URL(fileURLWithPath: kept))
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "overtrain-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }
}
