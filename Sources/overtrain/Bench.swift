import ArgumentParser
import Corpus
import Dispatch
import Experiment
import Foundation
import Kernels
import Report
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

      A checkpoint is measured too, written below the working folder, with its share of the time of a \
      run at the default interval.

      With --kernels: every kernel at the config's shape beside the limit measured next to it. With
      --text FILE: speed of training a tokenizer on the file and of encoding it, on one core.
      """)

  @Option(help: "One of \(BenchConfig.names).") var config = "c2"
  @Option(help: "Threads.") var workers = ProcessInfo.processInfo.activeProcessorCount
  @Option(help: "Seconds to measure for.") var seconds = 10.0
  @Option(help: "Measure this many steps instead of a time, and no evaluation.") var steps: Int?
  @Option(help: "Tokens that a worker takes at once (default: the rule's).") var microbatch: Int?
  @Option(help: "Measure the tokenizer on this file instead.") var text: String?
  @Flag(help: "Measure every kernel by itself instead, on one thread.") var kernels = false
  @Flag(help: "Measure sizes from 30k to 20M parameters on one and on all workers instead.")
  var scaling = false
  @Option(help: "With --scaling: draw it (SVG).") var picture: String?
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard BenchConfig.all[config] != nil else {
      throw ValidationError("there is no config \(config): use one of \(BenchConfig.names)")
    }
    guard workers >= 1, seconds > 0, steps ?? 1 >= 1 else {
      throw ValidationError("--workers, --seconds and --steps must be above zero")
    }
  }

  func run() throws {
    if let text { return try measureTokenizer(on: URL(fileURLWithPath: text)) }
    if scaling { return try measureScaling() }
    guard let shape = BenchConfig.all[config] else { return }
    if kernels { return try show(shape.kernelRates()) }
    let run = try shape.runConfig(workers: workers, microbatchTokens: microbatch)
    let text = try shape.tokens()
    let trainer = Trainer(run, tokens: text)
    _ = trainer.step(workers: workers)
    var timed = (tokens: 0, elapsed: 0.0, loss: 0.0)
    let kernels = KernelClock.measure {
      timed = trainer.timeSteps(workers: workers, seconds: seconds, steps: steps)
    }
    let (tokens, elapsed, loss) = timed
    let memory = Self.peakMemory()
    let sgemm = Self.rate(workers: workers) { BLAS.sgemmGFLOPS(seconds: 0.5) }
    let product = Self.rate(workers: workers) { productGFLOPS(seconds: 0.5) }
    let evaluation =
      steps == nil
      ? Self.evaluationRate(
        trainer.model, trainer.weights, text, workers: workers, seconds: seconds / 4)
      : nil
    let digest = trainer.digest
    let checkpoint = steps == nil ? try CheckpointCost(trainer) : nil
    let flops = Double(tokens) * run.model.trainingFLOPsPerToken
    let result = BenchResult(
      config: config, workers: workers, tokensPerSecond: Double(tokens) / elapsed,
      mfu: flops / elapsed / (sgemm * 1e9),
      limitFraction: flops / elapsed / (max(sgemm, product) * 1e9), sgemmGFLOPS: sgemm,
      productGFLOPS: product, peakRSSMB: memory, microbatchTokens: run.training.microbatchTokens,
      kernels: Self.shares(kernels, of: elapsed * Double(workers), tokens, run.model),
      loss: loss, digest: digest, evaluationTokensPerSecond: evaluation,
      checkpoint: checkpoint)
    if json { try printJSON(result) } else { result.show() }
  }

  /// What each class of kernels took of the time of all workers, and how fast its products were.
  private static func shares(
    _ seconds: [KernelClass: Double], of total: Double, _ tokens: Int, _ model: ModelConfig
  ) -> [String: BenchResult.Kernel] {
    let flopsPerToken: [KernelClass: Double] = [
      .attention: model.attentionFLOPsPerToken, .head: model.headFLOPsPerToken,
      .linear: 6 * Double(ParameterCount(model).body),
    ]
    var shares: [String: BenchResult.Kernel] = [:]
    for (kernel, value) in seconds {
      shares["\(kernel)"] = .init(
        seconds: value, share: value / total,
        gflopsPerWorker: flopsPerToken[kernel].map { $0 * Double(tokens) / value / 1e9 })
    }
    let rest = total - seconds.values.reduce(0, +)
    shares["rest"] = .init(seconds: rest, share: rest / total, gflopsPerWorker: nil)
    return shares
  }

  private func show(_ rates: [KernelRate]) throws {
    guard !json else { return try printJSON(rates) }
    for rate in rates {
      print(
        rate.kernel.padding(toLength: 26, withPad: " ", startingAt: 0)
          + rate.shape.padding(toLength: 28, withPad: " ", startingAt: 0)
          + String(format: "%8.1f µs ", rate.microseconds)
          + (rate.gflops.map { String(format: "%6.0f GFLOP/s", $0) }
            ?? String(format: "%6.0f GB/s   ", rate.gigabytesPerSecond))
          + String(format: "  %3.0f %% of %.0f", 100 * rate.fraction, rate.limit))
    }
  }

  private func measureScaling() throws {
    let limits = [1, workers].map { workers in
      Self.rate(workers: workers) { productGFLOPS(seconds: 0.5) }
    }
    let sgemm = Self.rate(workers: workers) { BLAS.sgemmGFLOPS(seconds: 0.5) }
    var rates: [SizeRate] = []
    for shape in BenchConfig.ladder {
      for (workers, limit) in zip([1, workers], limits) {
        rates.append(try shape.rate(workers: workers, seconds: seconds, limit: limit))
        guard !json, let rate = rates.last else { continue }
        print(
          String(
            format: "%10d parameters, %d workers: %9.0f tokens/s, %4.0f GFLOP/s, %.2f of the limit",
            rate.parameters, workers, rate.tokensPerSecond, rate.gflops, rate.limitFraction))
      }
    }
    if json { try printJSON(rates) }
    guard let picture else { return }
    func points(_ count: Int) -> [SpeedChart.Point] {
      rates.filter { $0.workers == count }.map {
        .init(
          parameters: $0.parameters, flopsPerToken: $0.flopsPerToken, gflops: $0.gflops,
          tokensPerSecond: $0.tokensPerSecond)
      }
    }
    let chart = SpeedChart(
      one: points(1), all: points(workers),
      limits: [
        ("our large product", limits[1]), ("OpenBLAS sgemm, AVX2", sgemm),
      ])
    try DurableFile.write(Data(chart.svg.utf8), to: URL(fileURLWithPath: picture))
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

  /// The sum of what `measure` gives on `workers` threads at once.
  private static func rate(workers: Int, _ measure: @Sendable () -> Double) -> Double {
    let total = Mutex(0.0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      let rate = measure()
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
  /// What a class of kernels took.
  struct Kernel: Encodable {
    /// on all workers together
    let seconds: Double
    /// of the workers' time
    let share: Double
    /// of products, exact FLOPs
    let gflopsPerWorker: Double?
  }

  let config: String
  let workers: Int
  let tokensPerSecond: Double
  /// Exact FLOPs over the time, over the rate of OpenBLAS's large sgemm.
  let mfu: Double
  /// The same over the faster of that rate and of our own large product: what this machine can do.
  let limitFraction: Double
  let sgemmGFLOPS: Double
  let productGFLOPS: Double
  /// Of training, before anything else is measured.
  let peakRSSMB: Double
  let microbatchTokens: Int
  let kernels: [String: Kernel]
  /// Of the last step.
  let loss: Double
  /// SHA-256 of weights and moments: equal bits after equal steps, whatever the processor.
  let digest: String
  /// Forward only, as `eval` scores.
  let evaluationTokensPerSecond: Double?
  let checkpoint: CheckpointCost?

  func show() {
    print(
      "\(config): \(short(tokensPerSecond)) tokens/s, "
        + String(
          format: "MFU %.2f of sgemm at %.0f GFLOP/s, %.2f of the limit at %.0f, peak %.0f MB", mfu,
          sgemmGFLOPS, limitFraction, max(sgemmGFLOPS, productGFLOPS), peakRSSMB))
    if let evaluation = evaluationTokensPerSecond {
      print(
        "evaluation \(short(evaluation)) tokens/s, "
          + String(format: "%.1f times as fast", evaluation / tokensPerSecond))
    }
    if let checkpoint {
      print(
        String(
          format: "checkpoint %.1f MB, %.3f times weights and moments, %.3f s: %.2f %% of the time",
          Double(checkpoint.bytes) / 1e6, checkpoint.timesState, checkpoint.seconds,
          100 * checkpoint.share))
    }
    for (name, kernel) in kernels.sorted(by: { $0.value.seconds > $1.value.seconds }) {
      let rate = kernel.gflopsPerWorker.map { String(format: "  %5.0f GFLOP/s", $0) } ?? ""
      print(
        "  " + name.padding(toLength: 12, withPad: " ", startingAt: 0)
          + String(format: "%5.1f %%", 100 * kernel.share) + rate)
    }
  }
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

  /// F
  var hiddenWidth: Int { (8 * width / 3 + 31) / 32 * 32 }

  static var names: String { all.keys.sorted().joined(separator: ", ") }

  /// A run of a million steps, at a cosine rate.
  func runConfig(workers: Int, microbatchTokens: Int?) throws(UserError) -> RunConfig {
    var options = ModelOptions()
    options.layers = layers
    options.width = width
    options.heads = heads
    options.contextLength = contextLength
    options.hiddenWidth = hiddenWidth
    options.tiedEmbeddings = false
    let model = try ModelConfig(options, vocabularySize: vocabularySize)
    var training = TrainingOptions()
    training.batchTokens = batchTokens
    training.slots = model.sharesKernels ? 1 : workers
    training.microbatchTokens = microbatchTokens
    training.learningRate = 1e-3
    return RunConfig(
      corpus: "bench", corpusFingerprint: "", size: "bench", model: model,
      training: try TrainingConfig(
        training, model: model, parameters: ParameterCount(model).total,
        horizon: 1_000_000 * batchTokens),
      evaluation: EvaluationConfig(), tokenMultiplier: nil, replicate: 0, seed: 1)
  }

  /// A quarter of a million tokens.
  func tokens() throws(UserError) -> TokenSequence {
    try .zipf(vocabularySize: vocabularySize, count: 1 << 18)
  }
}

extension Trainer {
  /// Takes steps for `seconds`, or `steps` of them.
  func timeSteps(
    workers: Int, seconds: Double, steps: Int? = nil
  ) -> (tokens: Int, elapsed: Double, loss: Double) {
    let (first, start) = (step, ContinuousClock.now)
    var (elapsed, loss) = (0.0, 0.0)
    repeat {
      loss = step(workers: workers).loss
      elapsed = (ContinuousClock.now - start) / .seconds(1)
    } while steps.map { step - first < $0 } ?? (elapsed < seconds)
    return ((step - first) * config.training.batchTokens, elapsed, loss)
  }
}
