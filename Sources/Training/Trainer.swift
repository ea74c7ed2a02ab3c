import Corpus
import Crypto
import Experiment
import Kernels
import Model
import Synchronization

/// What one optimiser step did.
public struct StepReport: Sendable, Equatable {
  /// Steps done, this one included.
  public let step: Int
  /// Mean loss of the step's tokens in nats, without z-loss.
  public let loss: Double
  /// Global L2 norm of the gradient before clipping.
  public let gradientNorm: Double
  /// The rate of this step.
  public let learningRate: Double

  /// Whether the weights were left as they were, because the step was far off.
  public let skipped: Bool
  /// Why training is to be given up: NaN, infinity, or a spike that stays; nil while all is well.
  public let failure: String?

  /// Whether training has blown up.
  public var diverged: Bool { failure != nil }
}

/// Trains one model, a step at a time. The caller's loop logs, evaluates and saves.
///
/// A step's batch is cut into `slots`, each of a whole number of microbatches. A worker takes whole
/// slots; a slot's gradient is summed over its microbatches in order, and the slots' gradients in
/// slot order: the same bits for any number of workers. Of a large model there is one slot, whose
/// kernels the workers share.
public final class Trainer {
  /// The run that is trained.
  public let config: RunConfig
  /// The model that is trained.
  public let model: any LanguageModel
  /// The weights, updated in place by `step`.
  public let weights: ParameterBuffer
  /// Steps done.
  public private(set) var step = 0
  /// What loss and gradients have been like so far.
  public private(set) var health = TrainingHealth()

  let optimizer: AdamW
  private let sampler: BatchSampler
  private let slots: [Slot]
  private let gradients: [ParameterBuffer]
  private let backpropagation: Backpropagation
  private let team = WorkerTeam()

  /// A trainer at step 0 with fresh weights, on the training set of `corpus`.
  ///
  /// - Throws: `UserError` of kind `badData` when the corpus is not the config's, or too short.
  public convenience init(_ config: RunConfig, corpus: TokenizedCorpus) throws(UserError) {
    guard corpus.manifest.fingerprint == config.corpusFingerprint else {
      throw UserError(
        .badData, "the corpus is not the one that this run was made with",
        at: corpus.folder.path, fix: "rebuild the corpus, or run the grid again from its config")
    }
    guard let set = corpus.manifest.sets.first(where: { $0.purpose == .training }),
      set.tokens > config.model.contextLength
    else {
      throw UserError(
        .badData,
        "the training set is shorter than one sequence of "
          + "\(config.model.contextLength) tokens", at: corpus.folder.path,
        fix: "use a larger corpus, or a shorter contextLength")
    }
    self.init(config, tokens: try corpus.tokens(of: set.name))
  }

  /// A trainer at step 0 with fresh weights, on `tokens`, which are more than one sequence.
  public init(_ config: RunConfig, tokens: TokenSequence) {
    self.config = config
    model = config.model.build()
    sampler = BatchSampler(
      tokenCount: tokens.count, contextLength: config.model.contextLength,
      seed: config.seeds.dataOrder)
    weights = ParameterBuffer(model.layout)
    model.initialize(weights, seed: config.seeds.weights)
    optimizer = AdamW(config.training, layout: model.layout, team: team)
    let layout = model.layout
    slots = (0..<config.training.slots).map { _ in Slot(config, layout) }
    gradients = slots.map(\.gradients)
    backpropagation = Backpropagation(
      config, model: model, weights: weights, tokens: tokens, sampler: sampler, slots: slots,
      team: team)
  }

  /// Distinct tokens among those that the whole run trains on.
  public var uniqueTokens: Int { sampler.uniqueTokens(for: config.training.tokens) }

  /// Takes one optimiser step on up to `workers` threads.
  public func step(workers: Int) -> StepReport {
    precondition(step < config.training.steps, "the run has no step \(step)")
    let workers = max(1, min(workers, config.mostWorkers))
    backpropagation.take(step, workers: workers, team)
    let loss = slots.reduce(0) { $0 + $1.crossEntropy } / Double(config.training.batchTokens)
    let norm = optimizer.sum(gradients, workers: workers)
    let skipped = health.shouldSkip(loss: loss, gradientNorm: norm, config.training)
    if !skipped {
      optimizer.update(
        weights, with: gradients[0], norm: norm, step: step, workers: workers)
    }
    let rate = config.training.learningRate(at: step)
    step += 1
    health.add(step: step, loss: loss, gradientNorm: norm, skipped: skipped)
    let isFinite = loss.isFinite && norm.isFinite
    return StepReport(
      step: step, loss: loss, gradientNorm: norm, learningRate: rate, skipped: skipped,
      failure: isFinite || skipped
        ? health.failure : "loss \(loss), gradient norm \(norm)")
  }

  /// SHA-256 of the weights and both moments: equal digests, equal state.
  public var digest: String {
    var hash = SHA256()
    for buffer in [weights, optimizer.firstMoment, optimizer.secondMoment] {
      hash.update(data: buffer.data)
    }
    return hash.finalize().hexadecimal
  }

  /// Goes to the step of `progress`, whose weights and moments the caller has loaded.
  func resume(_ progress: RunProgress) {
    step = progress.step
    health = progress.health ?? TrainingHealth()
  }
}

/// The gradients of a step, slot by slot.
private final class Backpropagation: SharedWork {
  /// The step that is being taken, 0-based.
  private var step = 0
  private let model: any LanguageModel
  private let weights: ParameterBuffer
  private let tokens: TokenSequence
  private let sampler: BatchSampler
  private let training: TrainingConfig
  private let slots: [Slot]
  private let arenas: [Arena]

  init(
    _ config: RunConfig, model: any LanguageModel, weights: ParameterBuffer,
    tokens: TokenSequence, sampler: BatchSampler, slots: [Slot], team: WorkerTeam
  ) {
    self.model = model
    self.weights = weights
    self.tokens = tokens
    self.sampler = sampler
    self.slots = slots
    training = config.training
    arenas = slots.map { _ in Arena(team: team) }
  }

  /// Computes the gradients of step `step`: the workers take slots, or share the kernels of one.
  func take(_ step: Int, workers: Int, _ team: WorkerTeam) {
    self.step = step
    if slots.count == 1 { arenas[0].workers = workers }
    team.run(self, shares: min(workers, slots.count))
  }

  func work(share: Int, of shares: Int) {
    for index in stride(from: share, to: slots.count, by: shares) {
      slots[index].accumulate { gradients, batch in
        backpropagate(slot: index, &batch, addingTo: gradients, arenas[share])
      }
    }
  }

  /// Sums loss and gradient of a slot's microbatches, in order.
  private func backpropagate(
    slot: Int, _ batch: inout TokenBatch, addingTo gradients: ParameterBuffer, _ arena: Arena
  ) -> Double {
    gradients.fill(0)
    let microbatches = training.batchTokens / training.slots / training.microbatchTokens
    let first = step * (training.batchTokens / batch.positions)
    var sum = 0.0
    for i in 0..<microbatches {
      let microbatch = slot * microbatches + i
      sampler.fill(&batch, from: tokens, sequence: first + microbatch * batch.sequences)
      sum +=
        model.backpropagate(
          batch, weights, addingTo: gradients, scale: 1 / Float(training.batchTokens),
          zLoss: Float(training.zLoss), arena
        ).crossEntropy
    }
    return sum
  }
}

/// A fixed part of every batch: its gradient, its loss, and room for a microbatch.
private final class Slot: Sendable {
  let gradients: ParameterBuffer
  private let state: Mutex<State>

  private struct State {
    var batch: TokenBatch
    var crossEntropy = 0.0
  }

  init(_ config: RunConfig, _ layout: ParameterLayout) {
    gradients = ParameterBuffer(layout)
    let t = config.model.contextLength
    state = Mutex(
      State(batch: TokenBatch(sequences: config.training.microbatchTokens / t, positions: t)))
  }

  /// Σ cross-entropy of the slot's tokens in the last step.
  var crossEntropy: Double { state.withLock { $0.crossEntropy } }

  func accumulate(_ body: (ParameterBuffer, inout TokenBatch) -> Double) {
    state.withLock { $0.crossEntropy = body(gradients, &$0.batch) }
  }
}
