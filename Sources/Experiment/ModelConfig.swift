/// The shape of a decoder-only transformer, complete: every choice is a value here.
///
/// Shape letters used across the product: B sequences, T positions, D width, H heads, F hidden
/// width, V vocabulary.
public struct ModelConfig: Codable, Hashable, Sendable {
  /// A named set of defaults.
  public enum Family: String, Codable, Sendable, CaseIterable { case llama, gpt2 }
  /// What normalises the residual stream.
  public enum Norm: String, Codable, Sendable, CaseIterable {
    /// x / rms(x) · gain
    case rmsNorm
    /// (x − mean) / std · gain, as in open_lm
    case gainOnlyLayerNorm
    /// (x − mean) / std · gain + bias, as in GPT-2
    case layerNorm
  }
  /// Whether queries and keys are normalised before the rotation.
  public enum QKNorm: String, Codable, Sendable, CaseIterable {
    case none
    /// one gain per channel of a head, shared by the heads
    case perHead
    /// over the whole projected width, before it is split into heads, as in open_lm
    case fullWidth
  }
  /// How positions enter.
  public enum Positions: String, Codable, Sendable, CaseIterable { case rotary, learned }
  /// The feed-forward layer.
  public enum FeedForward: String, Codable, Sendable, CaseIterable { case swiglu, gelu }

  /// The family whose defaults filled the gaps.
  public var family: Family
  /// V: token ids are 0..<V.
  public var vocabularySize: Int
  /// T: the longest sequence.
  public var contextLength: Int
  /// Transformer blocks.
  public var layers: Int
  /// D: the width of the residual stream.
  public var width: Int
  /// H: query heads.
  public var heads: Int
  /// Heads of keys and values; fewer than `heads` is grouped-query attention.
  public var keyValueHeads: Int
  /// F: the hidden width of the feed-forward layer.
  public var hiddenWidth: Int
  /// What normalises the residual stream.
  public var norm: Norm
  /// Added to variances and mean squares.
  public var normEpsilon: Double
  /// Whether queries and keys are normalised.
  public var qkNorm: QKNorm
  /// How positions enter.
  public var positions: Positions
  /// The base of the rotary frequencies.
  public var ropeBase: Double
  /// The feed-forward layer.
  public var feedForward: FeedForward
  /// Whether linear layers have a bias.
  public var biases: Bool
  /// Whether the head reads the embedding table.
  public var tiedEmbeddings: Bool

  /// The width of one head.
  public var headWidth: Int { width / heads }

  /// The complete config of `options`, with the family's defaults for what they leave out.
  ///
  /// - Throws: `UserError` of kind `badConfig` when the shape is impossible or incomplete.
  public init(_ options: ModelOptions, vocabularySize: Int) throws(UserError) {
    let gpt2 = options.family == .gpt2
    family = options.family ?? .llama
    self.vocabularySize = vocabularySize
    contextLength = try positive(options.contextLength, "contextLength")
    layers = try positive(options.layers, "layers", below: 10_000)
    width = try positive(options.width, "width")
    heads = try positive(options.heads, "heads")
    keyValueHeads = try positive(options.keyValueHeads ?? heads, "keyValueHeads")
    let eightThirds = (8 * width + 2) / 3
    hiddenWidth = try positive(
      options.hiddenWidth ?? (gpt2 ? 4 * width : (eightThirds + 7) / 8 * 8), "hiddenWidth")
    norm = options.norm ?? (gpt2 ? .layerNorm : .rmsNorm)
    normEpsilon = options.normEpsilon ?? 1e-5
    qkNorm = options.qkNorm ?? .none
    positions = options.positions ?? (gpt2 ? .learned : .rotary)
    ropeBase = options.ropeBase ?? 10_000
    feedForward = options.feedForward ?? (gpt2 ? .gelu : .swiglu)
    biases = options.biases ?? gpt2
    tiedEmbeddings = options.tiedEmbeddings ?? true
    try check()
  }

  private func check() throws(UserError) {
    guard vocabularySize >= 2, vocabularySize <= 1 << 20 else {
      throw impossible("a vocabulary of \(vocabularySize)", "use 256 to 65536")
    }
    guard width.isMultiple(of: heads) else {
      throw impossible(
        "width \(width) is not divisible by heads \(heads)",
        "use a width that is a multiple of \(heads), or heads that divide \(width)")
    }
    guard heads.isMultiple(of: keyValueHeads) else {
      throw impossible(
        "heads \(heads) is not divisible by keyValueHeads \(keyValueHeads)",
        "use keyValueHeads that divide \(heads)")
    }
    guard positions != .rotary || headWidth.isMultiple(of: 2) else {
      throw impossible(
        "rotary positions need an even head width, not \(headWidth)",
        "choose width / heads even, or positions: learned")
    }
    guard normEpsilon > 0, ropeBase > 1 else {
      throw impossible("normEpsilon and ropeBase must be positive", "leave them out")
    }
  }
}

private func impossible(_ what: String, _ fix: String) -> UserError {
  UserError(.badConfig, "impossible model: \(what)", fix: fix)
}

/// `value`, if it is from 1 to `limit`: then no count of parameters or bytes overflows.
private func positive(
  _ value: Int?, _ name: String, below limit: Int = 1 << 22
) throws(UserError) -> Int {
  guard let value else {
    throw UserError(
      .badConfig, "the model has no \(name)", fix: "set \(name) under model: or in the size")
  }
  guard value > 0, value <= limit else {
    throw UserError(
      .badConfig, "\(name) is \(value)", fix: "\(name) must be a whole number from 1 to \(limit)")
  }
  return value
}

/// What a config file may say of a model; the rest comes from the family.
public struct ModelOptions: Codable, Hashable, Sendable {
  /// The family whose defaults fill the gaps.
  public var family: ModelConfig.Family?
  /// T: the longest sequence.
  public var contextLength: Int?
  /// Transformer blocks.
  public var layers: Int?
  /// D: the width of the residual stream.
  public var width: Int?
  /// H: query heads.
  public var heads: Int?
  /// Heads of keys and values.
  public var keyValueHeads: Int?
  /// F: the hidden width of the feed-forward layer.
  public var hiddenWidth: Int?
  /// What normalises the residual stream.
  public var norm: ModelConfig.Norm?
  /// Added to variances and mean squares.
  public var normEpsilon: Double?
  /// Whether queries and keys are normalised.
  public var qkNorm: ModelConfig.QKNorm?
  /// How positions enter.
  public var positions: ModelConfig.Positions?
  /// The base of the rotary frequencies.
  public var ropeBase: Double?
  /// The feed-forward layer.
  public var feedForward: ModelConfig.FeedForward?
  /// Whether linear layers have a bias.
  public var biases: Bool?
  /// Whether the head reads the embedding table.
  public var tiedEmbeddings: Bool?

  /// Options that say nothing.
  public init() {}

  /// These options where they speak, `base` where they are silent.
  public func over(_ base: ModelOptions) -> ModelOptions {
    var merged = base
    merged.family = family ?? base.family
    merged.contextLength = contextLength ?? base.contextLength
    merged.layers = layers ?? base.layers
    merged.width = width ?? base.width
    merged.heads = heads ?? base.heads
    merged.keyValueHeads = keyValueHeads ?? base.keyValueHeads
    merged.hiddenWidth = hiddenWidth ?? base.hiddenWidth
    merged.norm = norm ?? base.norm
    merged.normEpsilon = normEpsilon ?? base.normEpsilon
    merged.qkNorm = qkNorm ?? base.qkNorm
    merged.positions = positions ?? base.positions
    merged.ropeBase = ropeBase ?? base.ropeBase
    merged.feedForward = feedForward ?? base.feedForward
    merged.biases = biases ?? base.biases
    merged.tiedEmbeddings = tiedEmbeddings ?? base.tiedEmbeddings
    return merged
  }
}
