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

  public var family: Family
  public var vocabularySize: Int
  public var contextLength: Int
  public var layers: Int
  public var width: Int
  public var heads: Int
  /// Heads of keys and values; fewer than `heads` is grouped-query attention.
  public var keyValueHeads: Int
  public var hiddenWidth: Int
  public var norm: Norm
  public var normEpsilon: Double
  public var qkNorm: QKNorm
  public var positions: Positions
  public var ropeBase: Double
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
    layers = try positive(options.layers, "layers")
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

private func positive(_ value: Int?, _ name: String) throws(UserError) -> Int {
  guard let value else {
    throw UserError(
      .badConfig, "the model has no \(name)", fix: "set \(name) under model: or in the size")
  }
  guard value > 0 else {
    throw UserError(
      .badConfig, "\(name) is \(value)", fix: "\(name) must be a positive whole number")
  }
  return value
}

/// What a config file may say of a model; the rest comes from the family.
public struct ModelOptions: Codable, Hashable, Sendable {
  public var family: ModelConfig.Family?
  public var contextLength: Int?
  public var layers: Int?
  public var width: Int?
  public var heads: Int?
  public var keyValueHeads: Int?
  public var hiddenWidth: Int?
  public var norm: ModelConfig.Norm?
  public var normEpsilon: Double?
  public var qkNorm: ModelConfig.QKNorm?
  public var positions: ModelConfig.Positions?
  public var ropeBase: Double?
  public var feedForward: ModelConfig.FeedForward?
  public var biases: Bool?
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
