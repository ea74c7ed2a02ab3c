import ArgumentParser
import Corpus
import Dispatch
import Experiment
import Foundation
import Kernels
import Synchronization
import Training

/// `overtrain bench`
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Training speed of a standard config, against large sgemm measured in the same run.",
    discussion: """
      Example: overtrain bench --config c2 --json

      MFU is the exact FLOPs (causal attention) over the time, over the sgemm rate of as many cores.

      With --text FILE: speed of training a tokenizer on the file and of encoding it, on one core.
      """)

  @Option(help: "One of \(BenchConfig.names).") var config = "c2"
  @Option(help: "Threads.") var workers = ProcessInfo.processInfo.activeProcessorCount
  @Option(help: "Seconds to measure for.") var seconds = 10.0
  @Option(help: "Measure the tokenizer on this file instead.") var text: String?
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard BenchConfig.all[config] != nil else {
      throw ValidationError("there is no config \(config): use one of \(BenchConfig.names)")
    }
    guard workers >= 1, seconds > 0 else {
      throw ValidationError("--workers and --seconds must be above zero")
    }
  }

  func run() throws {
    if let text { return try measureTokenizer(on: URL(fileURLWithPath: text)) }
    guard let shape = BenchConfig.all[config] else { return }
    let run = try shape.runConfig(slots: workers)
    let trainer = Trainer(run, tokens: try shape.tokens())
    _ = trainer.step(workers: workers)
    let before = Self.sgemmRate(workers: workers)
    let start = ContinuousClock.now
    let firstStep = trainer.step
    var loss = 0.0
    while ContinuousClock.now - start < .seconds(seconds), trainer.step < run.training.steps {
      loss = trainer.step(workers: workers).loss
    }
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let evaluation = Self.evaluationRate(
      trainer.model, trainer.weights, try shape.tokens(), workers: workers, seconds: seconds / 4)
    let sgemm = max(before, Self.sgemmRate(workers: workers))
    let rate = Double((trainer.step - firstStep) * run.training.batchTokens) / elapsed
    let result = BenchResult(
      config: config, workers: workers, tokensPerSecond: rate,
      mfu: rate * run.model.trainingFLOPsPerToken / (sgemm * 1e9), sgemmGFLOPS: sgemm,
      peakRSSMB: Self.peakMemory(), loss: loss, evaluationTokensPerSecond: evaluation)
    if json {
      try printJSON(result)
    } else {
      print(
        "\(config): \(short(rate)) tokens/s, MFU "
          + String(
            format: "%.2f of %.0f GFLOP/s, peak %.0f MB", result.mfu, sgemm, result.peakRSSMB)
          + "; evaluation \(short(evaluation)) tokens/s, "
          + String(format: "%.1f times as fast", evaluation / rate)
      )
    }
  }

  private func measureTokenizer(on url: URL) throws {
    guard let bytes = try? [UInt8](Data(contentsOf: url)), !bytes.isEmpty else {
      throw UserError(.missingInput, "cannot read, or empty", at: url.relativePath)
    }
    let documents = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
    let clock = ContinuousClock()
    var result = TokenizerBenchResult(vocabularySize: 4096, megabytes: Double(bytes.count) / 1e6)
    let start = clock.now
    let tokenizer = try BPETrainer.train(
      documents: documents, vocabularySize: result.vocabularySize)
    result.trainingSeconds = (clock.now - start) / .seconds(1)
    var ids: [Int32] = []
    let encoding = clock.measure {
      for document in documents { tokenizer.encode(document, into: &ids) }
    }
    result.tokens = ids.count
    result.encodingMBPerSecond = result.megabytes / (encoding / .seconds(1))
    if json {
      try printJSON(result)
    } else {
      print(
        String(
          format: "%.1f MB: V = %d trained in %.1f s, encoded at %.0f MB/s", result.megabytes,
          result.vocabularySize, result.trainingSeconds, result.encodingMBPerSecond))
    }
  }

  /// GFLOP/s of large sgemm on `workers` threads at once.
  private static func sgemmRate(workers: Int) -> Double {
    let total = Mutex(0.0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      let rate = BLAS.sgemmGFLOPS(seconds: 0.3)
      total.withLock { $0 += rate }
    }
    return total.withLock { $0 }
  }

  /// Peak resident memory in MB, as the system counts it.
  private static func peakMemory() -> Double {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    let kilobytes = line.split(separator: " ").compactMap { Double($0) }.first ?? 0
    return kilobytes / 1024
  }
}

/// What `bench --json` prints.
private struct BenchResult: Encodable {
  let config: String
  let workers: Int
  let tokensPerSecond: Double
  let mfu: Double
  let sgemmGFLOPS: Double
  let peakRSSMB: Double
  let loss: Double
  /// Forward only, as `eval` scores.
  let evaluationTokensPerSecond: Double
}

/// What `bench --text --json` prints.
private struct TokenizerBenchResult: Encodable {
  let vocabularySize: Int
  let megabytes: Double
  var trainingSeconds = 0.0
  var encodingMBPerSecond = 0.0
  var tokens = 0
}

/// The standard shapes: Llama family, untied head, F = 8·D/3 rounded up to a multiple of 32.
struct BenchConfig {
  let layers: Int
  let width: Int
  let heads: Int
  let contextLength: Int
  let vocabularySize: Int
  let batchTokens: Int

  static let all = [
    "xs": BenchConfig(
      layers: 2, width: 32, heads: 2, contextLength: 128, vocabularySize: 256, batchTokens: 2048),
    "c1": BenchConfig(
      layers: 2, width: 64, heads: 2, contextLength: 256, vocabularySize: 2048, batchTokens: 8192),
    "c2": BenchConfig(
      layers: 4, width: 128, heads: 4, contextLength: 256, vocabularySize: 4096,
      batchTokens: 16_384),
    "c4": BenchConfig(
      layers: 6, width: 256, heads: 8, contextLength: 256, vocabularySize: 4096,
      batchTokens: 16_384),
    "c6": BenchConfig(
      layers: 8, width: 512, heads: 8, contextLength: 512, vocabularySize: 8192,
      batchTokens: 16_384),
  ]

  static var names: String { all.keys.sorted().joined(separator: ", ") }

  /// A run of a million steps, at a cosine rate.
  func runConfig(slots: Int) throws(UserError) -> RunConfig {
    var options = ModelOptions()
    options.layers = layers
    options.width = width
    options.heads = heads
    options.contextLength = contextLength
    options.hiddenWidth = (8 * width / 3 + 31) / 32 * 32
    options.tiedEmbeddings = false
    let model = try ModelConfig(options, vocabularySize: vocabularySize)
    var training = TrainingOptions()
    training.batchTokens = batchTokens
    training.slots = slots
    training.learningRate = 1e-3
    return RunConfig(
      corpus: "bench", corpusFingerprint: "", size: "bench", model: model,
      training: try TrainingConfig(
        training, model: model, parameters: ParameterCount(model).total,
        horizon: 1_000_000 * batchTokens),
      evaluation: EvaluationConfig(), tokenMultiplier: nil, replicate: 0, seed: 1)
  }

  /// A million tokens whose frequencies fall as those of words do (Zipf's law).
  func tokens() throws(UserError) -> TokenSequence {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("overtrain-bench-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var random = RandomSource(seed: 1)
    let tokens = (0..<1 << 20).map { _ in
      Int32(min(Double(vocabularySize - 1), pow(Double(vocabularySize), random.uniform()) - 1))
    }
    var writer = ShardWriter(folder: folder, name: "train", vocabularySize: vocabularySize)
    try writer.append(tokens)
    let shard = try writer.finish()[0]
    return try TokenSequence(
      opening: folder.appendingPathComponent(shard.file), vocabularySize: vocabularySize)
  }
}
