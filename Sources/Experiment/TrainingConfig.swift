import Foundation

/// How a run is trained, complete: every number that decides its bits.
public struct TrainingConfig: Codable, Hashable, Sendable {
  /// The shape of the learning rate over the steps.
  public enum Schedule: String, Codable, Sendable, CaseIterable {
    /// half a cosine from the peak to the final rate
    case cosine
    /// the peak to the end
    case constant
    /// warm-up, stable, linear decay over the last `decayFraction` of the steps
    case wsd
  }
  /// Which parameters decay.
  public enum DecayRule: String, Codable, Sendable, CaseIterable {
    /// weights of two dimensions, the embedding table among them
    case matrices
    /// all of them, as open_lm does
    case all
  }

  /// Optimiser steps.
  public var steps: Int
  /// Tokens of one optimiser step: `slots` × a whole number of microbatches.
  public var batchTokens: Int
  /// Parts of a step that workers may take side by side. Gradients are summed within a slot, then
  /// over the slots in order, so the bits depend on this number and not on the workers. The one slot of
  /// a large model is worked on by all of them together.
  public var slots: Int
  /// Tokens that a worker takes at once. It decides the order of summation, hence the bits.
  public var microbatchTokens: Int
  /// The shape of the learning rate over the steps.
  public var schedule: Schedule
  /// The rate after the warm-up.
  public var peakLearningRate: Double
  /// The rate at the last step.
  public var finalLearningRate: Double
  /// Steps of linear warm-up.
  public var warmupSteps: Int
  /// Share of the steps in which `wsd` decays.
  public var decayFraction: Double
  /// AdamW: decay of the first moment.
  public var beta1: Double
  /// AdamW: decay of the second moment.
  public var beta2: Double
  /// AdamW: added to the root of the second moment.
  public var epsilon: Double
  /// Independent weight decay: θ ← θ·(1 − weightDecay·s), s = rate / peak rate in [0, 1].
  public var weightDecay: Double
  /// Which parameters decay.
  public var decays: DecayRule
  /// The largest global L2 norm of the gradient; larger ones are scaled down to it.
  public var gradientClip: Double
  /// Weight of mean(logsumexp²) in the training loss.
  public var zLoss: Double

  /// Leave out the update of a step whose loss is this many standard deviations above the recent
  /// ones; nil to leave out none.
  public var skipLossZ: Double?
  /// The same for the norm of the gradient.
  public var skipGradientZ: Double?

  /// D: the tokens that the run trains on.
  public var tokens: Int { steps * batchTokens }

  /// The complete config of `options` for a model of `parameters` and `horizon` tokens.
  ///
  /// What the options leave out follows the rules tuned for tiny models: batch
  /// 2^⌊log₂(0.58·D^0.571)⌋ tokens (Step Law, Li et al. 2503.04715), peak rate
  /// min(0.03, 2.1·N^−0.405), warm-up of 10 % of the steps or min(120, 25 %) if longer, cosine to
  /// a tenth of the peak.
  ///
  /// - Throws: `UserError` of kind `badConfig` for values that cannot be trained with.
  public init(
    _ options: TrainingOptions, model: ModelConfig, parameters: Int, horizon: Int
  ) throws(UserError) {
    let t = model.contextLength
    try Self.check([
      ("batchTokens", Double(options.batchTokens ?? 1), 1...1e9),
      ("batchScale", options.batchScale ?? 1, 0.001...1000),
      ("slots", Double(options.slots ?? 1), 1...65_536),
      ("warmupFraction", options.warmupFraction ?? 0, 0...1),
    ])
    let wanted =
      options.batchTokens
      ?? Self.ruleBatchTokens(
        horizon: horizon, contextLength: t, scale: options.batchScale ?? 1)
    guard wanted >= t else {
      throw UserError(
        .badConfig, "batchTokens \(wanted) is less than one sequence of \(t)",
        fix: "use at least \(t)")
    }
    // Two slots once a step is long enough (about 2 ms) to be worth sharing.
    let stepFLOPs = model.trainingFLOPsPerToken * Double(wanted)
    slots =
      options.slots ?? (stepFLOPs >= 2e8 && wanted >= 2 * t && !model.sharesKernels ? 2 : 1)
    guard slots >= 1, slots * t <= wanted else {
      throw UserError(
        .badConfig, "\(slots) slots for a batch of \(wanted / t) sequences",
        fix: "use 1 to \(wanted / t) slots")
    }
    let slotTokens = wanted / slots / t * t
    let microbatch = options.microbatchTokens ?? (model.sharesKernels ? 512 : 256)
    microbatchTokens = max(t, min(microbatch, slotTokens) / t * t)
    batchTokens = slotTokens / microbatchTokens * microbatchTokens * slots
    steps = max(1, Int((Double(horizon) / Double(batchTokens)).rounded()))
    schedule = options.schedule ?? .cosine
    peakLearningRate =
      options.learningRate
      ?? (options.learningRateScale ?? 1) * Self.ruleLearningRate(parameters: parameters)
    finalLearningRate = peakLearningRate * (options.finalLearningRateFraction ?? 0.1)
    let share = Double(steps)
    warmupSteps =
      options.warmupSteps
      ?? options.warmupFraction.map { Int((share * $0).rounded()) }
      ?? Int(max(0.1 * share, min(120, 0.25 * share)).rounded())
    decayFraction = options.decayFraction ?? 0.2
    beta1 = options.beta1 ?? 0.9
    beta2 = options.beta2 ?? 0.95
    epsilon = options.epsilon ?? 1e-8
    weightDecay = options.weightDecay ?? 1e-4
    decays = options.decays ?? .matrices
    gradientClip = options.gradientClip ?? 1
    zLoss = options.zLoss ?? 1e-4
    skipLossZ = options.skipLossZ
    skipGradientZ = options.skipGradientZ
    try Self.check([
      ("learningRate", peakLearningRate, 0...Double.greatestFiniteMagnitude),
      ("decayFraction", decayFraction, 0...1),
      ("finalLearningRateFraction", options.finalLearningRateFraction ?? 0.1, 0...1),
      ("beta1", beta1, 0...0.9999), ("beta2", beta2, 0...0.99999), ("epsilon", epsilon, 0...1),
      ("weightDecay", weightDecay, 0...1), ("gradientClip", gradientClip, 0...1e9),
      ("zLoss", zLoss, 0...1),
      ("skipLossZ", skipLossZ ?? 6, 1...1e9), ("skipGradientZ", skipGradientZ ?? 6, 1...1e9),
      ("warmupSteps", Double(warmupSteps), 0...Double(steps)),
    ])
  }

  private static func check(
    _ values: [(name: String, value: Double, allowed: ClosedRange<Double>)]
  ) throws(UserError) {
    for (name, value, allowed) in values where !allowed.contains(value) {
      throw UserError(
        .badConfig, "\(name) is \(value)",
        fix: "use a value from \(allowed.lowerBound) to \(allowed.upperBound)")
    }
  }

  /// 2^⌊log₂(`scale`·0.58·D^0.571)⌋ tokens, at least four sequences, at most 65,536.
  public static func ruleBatchTokens(
    horizon: Int, contextLength: Int, scale: Double = 1
  ) -> Int {
    let ideal = scale * 0.58 * pow(Double(horizon), 0.571)
    let power = Int(exp2(floor(log2(max(1, ideal)))))
    return max(4 * contextLength, min(65_536, power))
  }

  /// min(0.03, 2.1·N^−0.405).
  public static func ruleLearningRate(parameters: Int) -> Double {
    min(0.03, 2.1 * pow(Double(parameters), -0.405))
  }
}

/// What a config file may say of training; the rest follows the rules.
public struct TrainingOptions: Codable, Hashable, Sendable {
  /// Tokens of one optimiser step.
  public var batchTokens: Int?
  /// Factor on the rule for the batch, found once per corpus at the smallest sizes.
  public var batchScale: Double?
  /// Parts of a step that workers may take side by side.
  public var slots: Int?
  /// Tokens that a worker takes at once.
  public var microbatchTokens: Int?
  /// The shape of the learning rate over the steps.
  public var schedule: TrainingConfig.Schedule?
  /// The rate after the warm-up.
  public var learningRate: Double?
  /// Factor on the rule for the rate, found once per corpus at the smallest sizes.
  public var learningRateScale: Double?
  /// The rate at the last step as a share of the peak.
  public var finalLearningRateFraction: Double?
  /// Steps of linear warm-up.
  public var warmupSteps: Int?
  /// Linear warm-up as a share of the steps.
  public var warmupFraction: Double?
  /// Share of the steps in which `wsd` decays.
  public var decayFraction: Double?
  /// AdamW: decay of the first moment.
  public var beta1: Double?
  /// AdamW: decay of the second moment.
  public var beta2: Double?
  /// AdamW: added to the root of the second moment.
  public var epsilon: Double?
  /// Independent weight decay.
  public var weightDecay: Double?
  /// Which parameters decay.
  public var decays: TrainingConfig.DecayRule?
  /// The largest global L2 norm of the gradient.
  public var gradientClip: Double?
  /// Weight of mean(logsumexp²) in the training loss.
  public var zLoss: Double?

  /// Leave out steps whose loss is this many standard deviations above the recent ones.
  public var skipLossZ: Double?
  /// Leave out steps whose gradient's norm is this many standard deviations above the recent ones.
  public var skipGradientZ: Double?

  /// Options that say nothing.
  public init() {}

  /// These options where they speak, `base` where they are silent.
  public func over(_ base: TrainingOptions) -> TrainingOptions {
    var merged = base
    merged.batchTokens = batchTokens ?? base.batchTokens
    merged.batchScale = batchScale ?? base.batchScale
    merged.learningRateScale = learningRateScale ?? base.learningRateScale
    merged.slots = slots ?? base.slots
    merged.microbatchTokens = microbatchTokens ?? base.microbatchTokens
    merged.schedule = schedule ?? base.schedule
    merged.learningRate = learningRate ?? base.learningRate
    merged.finalLearningRateFraction = finalLearningRateFraction ?? base.finalLearningRateFraction
    merged.warmupSteps = warmupSteps ?? base.warmupSteps
    merged.warmupFraction = warmupFraction ?? base.warmupFraction
    merged.decayFraction = decayFraction ?? base.decayFraction
    merged.beta1 = beta1 ?? base.beta1
    merged.beta2 = beta2 ?? base.beta2
    merged.epsilon = epsilon ?? base.epsilon
    merged.weightDecay = weightDecay ?? base.weightDecay
    merged.decays = decays ?? base.decays
    merged.gradientClip = gradientClip ?? base.gradientClip
    merged.zLoss = zLoss ?? base.zLoss
    merged.skipLossZ = skipLossZ ?? base.skipLossZ
    merged.skipGradientZ = skipGradientZ ?? base.skipGradientZ
    return merged
  }
}

/// What is measured on a run.
public struct EvaluationConfig: Codable, Hashable, Sendable {
  /// At most this many tokens of the validation split, the same for all runs.
  public var validationTokens: Int
  /// At most this many tokens of each set of other text; `validationTokens` when nil.
  public var outOfDistributionTokens: Int?
  /// Generated tasks by name, and files of tasks or folders of them by path.
  public var tasks: [String]
  /// Items per generated task.
  public var itemsPerTask: Int
  /// SHA-256 of what lies at each path of `tasks`; nil without paths.
  public var taskFiles: [String: String]?
  /// Fingerprints of other corpora, of the same tokenizer, on whose validation split the run is
  /// measured too, by name; nil without.
  public var corpora: [String: String]?

  /// - Parameters:
  ///   - validationTokens: at most this many tokens of the validation split
  ///   - outOfDistributionTokens: at most this many tokens of each set of other text
  ///   - tasks: names of generated tasks, and paths of task files
  ///   - itemsPerTask: items per generated task
  public init(
    validationTokens: Int = 1 << 20, outOfDistributionTokens: Int? = nil, tasks: [String] = [],
    itemsPerTask: Int = 500
  ) {
    self.validationTokens = validationTokens
    self.outOfDistributionTokens = outOfDistributionTokens
    self.tasks = tasks
    self.itemsPerTask = itemsPerTask
  }

  /// Whether an entry of `tasks` is a path: it has a slash or the ending of a task file.
  public static func isPath(_ task: String) -> Bool {
    task.contains("/") || [".jsonl", ".yaml", ".yml"].contains { task.hasSuffix($0) }
  }
}

/// What a config file may say of evaluation.
public struct EvaluationOptions: Codable, Equatable, Sendable {
  /// At most this many tokens of the validation split.
  public var validationTokens: Int?
  /// At most this many tokens of each set of other text; a quarter of `validationTokens` when left
  /// out.
  public var outOfDistributionTokens: Int?
  /// Generated tasks by name, and files of tasks or folders of them by path.
  public var tasks: OneOrMany<String>?
  /// Items per generated task.
  public var itemsPerTask: Int?
  /// Other corpora of the same tokenizer, on whose validation split every run is measured too; those
  /// of the grid are, named or not.
  public var corpora: OneOrMany<String>?

  /// Options that say nothing.
  public init() {}
}
