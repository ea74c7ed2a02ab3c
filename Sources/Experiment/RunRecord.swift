/// The result of a run, written once when it ends. It holds nothing that depends on when or how
/// often the run was stopped, so an interrupted run ends with the same bytes.
public struct RunRecord: Codable, Sendable, Equatable {
  /// How a run ended.
  public struct Outcome: Codable, Sendable, Equatable {
    /// The three ends of a run.
    public enum Status: String, Codable, Sendable { case finished, diverged, failed }
    /// How the run ended.
    public let status: Status
    /// The step at which it diverged or failed.
    public let step: Int?
    /// Why it diverged or failed.
    public let reason: String?

    /// - Parameters:
    ///   - status: how the run ended
    ///   - step: the step at which it diverged or failed
    ///   - reason: why
    public init(_ status: Status, step: Int? = nil, reason: String? = nil) {
      self.status = status
      self.step = step
      self.reason = reason
    }
  }

  /// The machine and program that made the numbers.
  public struct Environment: Codable, Sendable, Equatable {
    /// Processor model, as the system names it.
    public let processor: String
    /// OpenBLAS version and core type, e.g. `OpenBLAS 0.3.21 Haswell`.
    public let blas: String
    /// Version of this program.
    public let overtrain: String

    /// All fields, in order.
    public init(processor: String, blas: String, overtrain: String) {
      self.processor = processor
      self.blas = blas
      self.overtrain = overtrain
    }
  }

  /// Version of this format.
  public var version = sealedVersion
  /// The run's id, the name of its folder.
  public let id: String
  /// Size and horizon in a few letters, e.g. `a20`.
  public let label: String
  /// The run, complete.
  public let config: RunConfig
  /// Parameter counts by group.
  public let parameters: ParameterCount
  /// D: tokens trained on.
  public let tokens: Int
  /// Distinct training tokens among them: fewer than `tokens` when data repeats.
  public let uniqueTokens: Int
  /// Exact training FLOPs, causal attention counted (not 6·N·D).
  public let trainingFLOPs: Double
  /// The seeds by purpose.
  public let seeds: Seeds
  /// How the run ended.
  public let outcome: Outcome
  /// Mean training loss (nats per token, without z-loss) over the last tenth of the steps.
  public let finalTrainLoss: Double?
  /// Loss on every validation set.
  public let validation: [ValidationLoss]
  /// Top-1 error on every task.
  public let tasks: [TaskError]
  /// Steps whose loss or gradient was far from the recent ones; nil when there were none.
  public let incidents: [Incident]?
  /// The machine and program that made the numbers.
  public let environment: Environment

  /// All fields, in order.
  public init(
    id: String, config: RunConfig, uniqueTokens: Int, outcome: Outcome,
    finalTrainLoss: Double?, validation: [ValidationLoss], tasks: [TaskError],
    incidents: [Incident]? = nil, environment: Environment
  ) {
    self.id = id
    label = config.label
    self.config = config
    parameters = ParameterCount(config.model)
    tokens = config.training.tokens
    self.uniqueTokens = uniqueTokens
    trainingFLOPs = config.model.trainingFLOPsPerToken * Double(config.training.tokens)
    seeds = config.seeds
    self.outcome = outcome
    self.finalTrainLoss = finalTrainLoss
    self.validation = validation
    self.tasks = tasks
    self.incidents = incidents
    self.environment = environment
  }

  /// A step whose loss or gradient norm was far above those of the steps before.
  public struct Incident: Codable, Sendable, Equatable {
    /// What was far off.
    public enum Kind: String, Codable, Sendable { case loss, gradientNorm }
    /// The step, counted from 1.
    public let step: Int
    /// What was far off.
    public let kind: Kind
    /// Its value; infinity for NaN.
    public let value: Double
    /// The mean of the steps before.
    public let usual: Double
    /// How many standard deviations lie between.
    public let z: Double
    /// Whether the weights were left as they were.
    public let skipped: Bool

    /// All fields, in order.
    public init(
      step: Int, kind: Kind, value: Double, usual: Double, z: Double, skipped: Bool
    ) {
      self.step = step
      self.kind = kind
      self.value = value
      self.usual = usual
      self.z = z
      self.skipped = skipped
    }
  }

  /// Mean top-1 error over the tasks, nil without tasks.
  public var averageError: Double? {
    tasks.isEmpty ? nil : tasks.reduce(0) { $0 + $1.error } / Double(tasks.count)
  }

  /// The loss on the corpus's own validation set.
  public var validationLoss: Double? {
    validation.first { $0.inDistribution }?.loss
  }
}

/// Loss on one validation set.
public struct ValidationLoss: Codable, Sendable, Equatable {
  /// Name of the set, e.g. `val` or `german`.
  public let set: String
  /// Whether the set is a held-out part of the training distribution.
  public let inDistribution: Bool
  /// Mean loss in nats per token.
  public let loss: Double
  /// 95 % bootstrap interval over sequences, in nats per token.
  public let low: Double
  /// Upper end of the interval.
  public let high: Double
  /// nats / ln 2 · tokens / bytes.
  public let bitsPerByte: Double
  /// How many tokens.
  public let tokens: Int
  /// UTF-8 bytes of those tokens.
  public let bytes: Int
  /// Sequences scored.
  public let sequences: Int

  /// All fields, in order.
  public init(
    set: String, inDistribution: Bool, loss: Double, low: Double, high: Double,
    bitsPerByte: Double, tokens: Int, bytes: Int, sequences: Int
  ) {
    self.set = set
    self.inDistribution = inDistribution
    self.loss = loss
    self.low = low
    self.high = high
    self.bitsPerByte = bitsPerByte
    self.tokens = tokens
    self.bytes = bytes
    self.sequences = sequences
  }
}

/// Top-1 error on one downstream task.
public struct TaskError: Codable, Sendable, Equatable {
  /// Name of the task.
  public let task: String
  /// Share of items whose best-scored choice is wrong.
  public let error: Double
  /// The error of a uniform guess.
  public let chance: Double
  /// Items asked.
  public let items: Int
  /// √(p(1−p)/n).
  public let standardError: Double

  /// - Parameters:
  ///   - task: name of the task
  ///   - wrong: items answered wrongly
  ///   - items: items asked
  ///   - chance: the error of a uniform guess
  public init(task: String, wrong: Int, items: Int, chance: Double) {
    self.task = task
    let p = Double(wrong) / Double(max(1, items))
    error = p
    self.chance = chance
    self.items = items
    standardError = (p * (1 - p) / Double(max(1, items))).squareRoot()
  }
}
