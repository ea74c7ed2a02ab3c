import Corpus
import Experiment
import Foundation
import Kernels
import Testing
import Training

/// Same seed, same bits: whatever the workers and wherever training was cut.
struct TrainerTests {
  /// A run of `steps` steps on random tokens, and those tokens.
  static func make(
    steps: Int = 12, slots: Int? = 2, change: (inout TrainingOptions) -> Void = { _ in },
    shape: (inout ModelOptions) -> Void = { _ in }
  ) throws -> (RunConfig, TokenSequence) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var random = RandomSource(seed: 5)
    // A pattern that a model can learn: each token is the one before plus one or two.
    var token = 0
    let tokens = (0..<4000).map { _ in
      token = (token + 1 + random.integer(below: 2)) % 32
      return Int32(token)
    }
    var writer = ShardWriter(folder: folder, name: "train", vocabularySize: 32)
    try writer.append(tokens)
    let shard = try writer.finish()[0]
    let sequence = try TokenSequence(
      opening: folder.appendingPathComponent(shard.file), vocabularySize: 32)

    var options = ModelOptions()
    options.contextLength = 16
    options.layers = 2
    options.width = 16
    options.heads = 2
    options.qkNorm = .perHead
    shape(&options)
    let model = try ModelConfig(options, vocabularySize: 32)
    var training = TrainingOptions()
    training.batchTokens = 256
    training.microbatchTokens = 64
    training.slots = slots
    training.learningRate = 0.01
    change(&training)
    let config = RunConfig(
      corpus: "c", corpusFingerprint: "f", size: "a", model: model,
      training: try TrainingConfig(
        training, model: model, parameters: ParameterCount(model).total, horizon: 256 * steps),
      evaluation: EvaluationConfig(), tokenMultiplier: nil, replicate: 0, seed: 7)
    return (config, sequence)
  }

  @Test func bitsDoNotDependOnWorkers() throws {
    let (config, tokens) = try Self.make()
    let one = Trainer(config, tokens: tokens)
    let two = Trainer(config, tokens: tokens)
    for _ in 0..<config.training.steps {
      #expect(one.step(workers: 1) == two.step(workers: 2))
    }
    #expect(one.weights.data == two.weights.data)
  }

  /// Of a large model there is one slot, whose kernels the workers share, here in uneven parts.
  @Test(arguments: [ModelConfig.Family.llama, .gpt2])
  func bitsDoNotDependOnWorkersThatShareKernels(_ family: ModelConfig.Family) throws {
    let (config, tokens) = try Self.make(
      steps: 2, slots: nil,
      shape: {
        $0.family = family
        $0.layers = 3
        $0.width = 396
        $0.heads = 6
        if family == .llama { $0.keyValueHeads = 3 }
      })
    #expect(config.training.slots == 1 && config.mostWorkers > 3)
    let one = Trainer(config, tokens: tokens)
    for workers in 2...4 {
      let several = Trainer(config, tokens: tokens)
      for step in 0..<config.training.steps {
        let report = several.step(workers: workers)
        #expect(workers > 2 || one.step(workers: 1) == report, "step \(step)")
      }
      #expect(one.digest == several.digest, "\(workers) workers")
    }
  }

  @Test func lossFalls() throws {
    let (config, tokens) = try Self.make(steps: 60)
    let trainer = Trainer(config, tokens: tokens)
    let first = trainer.step(workers: 1).loss
    var last = first
    for _ in 1..<config.training.steps { last = trainer.step(workers: 1).loss }
    #expect(abs(first - log(32)) < 0.7)
    #expect(last < 1.3, "ln 2 = 0.69 is the entropy rate")
  }

  /// The gradient of a batch is the same, up to rounding, however it is cut into parts.
  @Test func accumulationAddsUp() throws {
    let (whole, tokens) = try Self.make(slots: 1) { $0.microbatchTokens = 256 }
    let (parts, _) = try Self.make(slots: 4) { $0.microbatchTokens = 16 }
    #expect(parts.training.batchTokens == whole.training.batchTokens)
    let a = Trainer(whole, tokens: tokens)
    let b = Trainer(parts, tokens: tokens)
    for _ in 0..<5 {
      let (x, y) = (a.step(workers: 1), b.step(workers: 1))
      #expect(abs(x.loss - y.loss) < 1e-5)
      #expect(abs(x.gradientNorm - y.gradientNorm) < 1e-4 * x.gradientNorm)
    }
  }

  @Test func nanIsReportedNotTrapped() throws {
    let (config, tokens) = try Self.make()
    let trainer = Trainer(config, tokens: tokens)
    trainer.weights.fill(.nan)
    #expect(trainer.step(workers: 1).diverged)
  }

  @Test func hugeRateDiverges() throws {
    let (config, tokens) = try Self.make(steps: 50) {
      $0.learningRate = 1e30
      $0.gradientClip = 0
    }
    let trainer = Trainer(config, tokens: tokens)
    var diverged = false
    while !diverged, trainer.step < 50 { diverged = trainer.step(workers: 1).diverged }
    #expect(diverged)
  }

  @Test func weightDecayIsIndependentOfTheRate() throws {
    // One step from known weights, gradient clipped to nothing: only the decay is left.
    let (config, tokens) = try Self.make { options in
      options.weightDecay = 0.25
      options.schedule = .constant
      options.warmupSteps = 0
      options.learningRate = 1e-12
    }
    let trainer = Trainer(config, tokens: tokens)
    let before = trainer.model.layout.parameters.map { trainer.weights.values(of: $0) }
    _ = trainer.step(workers: 1)
    for (parameter, old) in zip(trainer.model.layout.parameters, before) {
      let factor: Float = parameter.isMatrix ? 0.75 : 1
      for (x, y) in zip(trainer.weights.values(of: parameter), old) {
        #expect(abs(x - factor * y) < 1e-6)
      }
    }
  }
}
