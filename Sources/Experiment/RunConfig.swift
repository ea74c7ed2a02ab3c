import Foundation

/// What a run is for when laws are fitted.
public enum Role: String, Codable, Sendable, CaseIterable, Hashable {
  /// the law is fitted on it
  case fit
  /// shown against the law, not fitted on
  case validate
  /// predicted before it is looked at
  case holdout
  /// the same cell with another seed: gives the noise floor
  case replicate
}

/// A run, complete: the same `RunConfig` gives the same bits.
public struct RunConfig: Codable, Hashable, Sendable {
  /// The corpus, by the name of its folder.
  public var corpus: String
  /// Fingerprint of the corpus (shards and tokenizer); another corpus is another run.
  public var corpusFingerprint: String
  /// The name of the model's size in the grid.
  public var size: String
  /// The shape of the model.
  public var model: ModelConfig
  /// How it is trained.
  public var training: TrainingConfig
  /// What is measured on it.
  public var evaluation: EvaluationConfig
  /// The M that was asked for, if the horizon was given as one.
  public var tokenMultiplier: Double?
  /// The replicate: 0, 1, ….
  public var replicate: Int
  /// The seed of this run, derived from the grid's seed and the cell.
  public var seed: UInt64

  /// The most workers that a step can use.
  public var mostWorkers: Int {
    training.slots == 1 && model.sharesKernels ? 256 : training.slots
  }

  /// All fields, in order.
  public init(
    corpus: String, corpusFingerprint: String, size: String, model: ModelConfig,
    training: TrainingConfig, evaluation: EvaluationConfig, tokenMultiplier: Double?,
    replicate: Int, seed: UInt64
  ) {
    self.corpus = corpus
    self.corpusFingerprint = corpusFingerprint
    self.size = size
    self.model = model
    self.training = training
    self.evaluation = evaluation
    self.tokenMultiplier = tokenMultiplier
    self.replicate = replicate
    self.seed = seed
  }

  /// The seeds by purpose.
  public var seeds: Seeds { Seeds(base: seed) }

  /// Size and horizon in a few letters, `a20` or `a20-s1` for a replicate: unique in a grid of one
  /// corpus.
  public var label: String {
    let horizon = tokenMultiplier.map { compact($0) } ?? "-\(training.tokens)t"
    return size + horizon + (replicate == 0 ? "" : "-s\(replicate)")
  }

  /// A readable slug and the hash of every field: the name of the run's folder.
  public var id: String {
    get throws {
      let text = String(decoding: try StableJSON.encode(self, pretty: false), as: UTF8.self)
      return "\(corpus)-\(label)-\(stableHash(text).hexadecimal.prefix(8))"
    }
  }

  private func compact(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? String(value)
  }
}
