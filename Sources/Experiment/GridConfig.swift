/// A grid of runs as its YAML file says it: a ladder of model sizes, axes, and what runs are for.
///
/// The cells are the cross product of sizes × horizons × corpora × seeds if a horizon axis is given
/// at the top, and then, for every group under `zip`, its lists taken in step.
public struct GridConfig: Codable, Sendable, Equatable {
  /// The ladder: options common to all sizes, and each size's own.
  public struct Ladder: Sendable, Equatable {
    /// Options common to all sizes.
    public var common: ModelOptions
    /// Options of each named size.
    public var sizes: [String: ModelOptions]
  }

  /// Axes taken in step: lists of one length, or of length one, which repeat.
  public struct ZipGroup: Codable, Sendable, Equatable {
    /// Names of sizes.
    public var size: OneOrMany<String>
    /// Horizons as M = D/N.
    public var tokenMultiplier: OneOrMany<Double>?
    /// Horizons as token counts D.
    public var tokens: OneOrMany<Int>?
    /// Horizons as exact training FLOPs.
    public var flops: OneOrMany<Double>?
    /// Names of corpora.
    public var corpus: OneOrMany<String>?
    /// Replicates.
    public var seed: OneOrMany<Int>?
  }

  /// Options for the cells that match.
  public struct Override: Codable, Sendable, Equatable {
    /// Which cells.
    public var match: CellMatch
    /// Model options on top of the size's.
    public var model: ModelOptions?
    /// Training options on top of the grid's.
    public var training: TrainingOptions?
  }

  /// The grid's name, and its folder's.
  public var name: String
  /// The seed that every run's seed derives from.
  public var seed: UInt64?
  /// The models.
  public var model: Ladder
  /// Training options common to all runs.
  public var training: TrainingOptions?
  /// What is measured on every run.
  public var evaluation: EvaluationOptions?
  /// Corpora, by the names of their folders.
  public var corpora: OneOrMany<String>
  /// Sizes of the cross product; all of them if left out.
  public var sizes: OneOrMany<String>?
  /// Horizons of the cross product as M = D/N.
  public var tokenMultipliers: OneOrMany<Double>?
  /// Horizons of the cross product as token counts D.
  public var tokens: OneOrMany<Int>?
  /// Horizons of the cross product as exact training FLOPs.
  public var flops: OneOrMany<Double>?
  /// Replicates of the cross product: 0 if left out.
  public var seeds: OneOrMany<Int>?
  /// Groups of cells whose axes are taken in step.
  public var zip: [ZipGroup]?
  /// Cells to leave out.
  public var exclude: [CellMatch]?
  /// Options for some of the cells.
  public var overrides: [Override]?
  /// What runs are for; `validate` where nothing is said.
  public var roles: Roles?

  /// Which cells have which role.
  public struct Roles: Codable, Sendable, Equatable {
    /// Laws are fitted on these.
    public var fit: [CellMatch]?
    /// Shown against the laws, not fitted on.
    public var validate: [CellMatch]?
    /// Predicted before they are looked at.
    public var holdout: [CellMatch]?
    /// Other seeds of fitted cells: the noise floor.
    public var replicate: [CellMatch]?

    /// The lists by role.
    public var all: [(Role, [CellMatch])] {
      [
        (.fit, fit ?? []), (.validate, validate ?? []), (.holdout, holdout ?? []),
        (.replicate, replicate ?? []),
      ]
    }
  }
}

/// Where a run's training ends.
public enum Horizon: Sendable, Hashable {
  /// M: tokens per parameter
  case tokenMultiplier(Double)
  /// D
  case tokens(Int)
  /// exact training FLOPs
  case flops(Double)
}

/// A value or a list of values: `a` or `[a, b]`.
public struct OneOrMany<Element: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
  /// The values.
  public var values: [Element]

  /// The list of `values`.
  public init(_ values: [Element]) { self.values = values }

  /// Decodes a list, or one value.
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.unkeyedContainer() {
      var container = container
      values = []
      while !container.isAtEnd { values.append(try container.decode(Element.self)) }
    } else {
      values = [try decoder.singleValueContainer().decode(Element.self)]
    }
  }

  /// Encodes the list.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(values)
  }
}

/// Which cells are meant: a label such as `a20`, or a mapping of axes to values.
public struct CellMatch: Codable, Sendable, Equatable {
  /// The cell's label.
  public var label: String?
  /// Names of sizes.
  public var size: OneOrMany<String>?
  /// Values of M.
  public var tokenMultiplier: OneOrMany<Double>?
  /// Names of corpora.
  public var corpus: OneOrMany<String>?
  /// Replicates.
  public var seed: OneOrMany<Int>?

  private enum CodingKeys: String, CodingKey { case size, tokenMultiplier, corpus, seed }

  /// Decodes a label or a mapping.
  public init(from decoder: any Decoder) throws {
    guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
      label = try decoder.singleValueContainer().decode(String.self)
      return
    }
    size = try container.decodeIfPresent(OneOrMany<String>.self, forKey: .size)
    tokenMultiplier = try container.decodeIfPresent(
      OneOrMany<Double>.self, forKey: .tokenMultiplier)
    corpus = try container.decodeIfPresent(OneOrMany<String>.self, forKey: .corpus)
    seed = try container.decodeIfPresent(OneOrMany<Int>.self, forKey: .seed)
  }

  /// Encodes a label or a mapping.
  public func encode(to encoder: any Encoder) throws {
    if let label {
      var container = encoder.singleValueContainer()
      try container.encode(label)
      return
    }
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(size, forKey: .size)
    try container.encodeIfPresent(tokenMultiplier, forKey: .tokenMultiplier)
    try container.encodeIfPresent(corpus, forKey: .corpus)
    try container.encodeIfPresent(seed, forKey: .seed)
  }

  /// Whether the run `config` is meant.
  public func matches(_ config: RunConfig) -> Bool {
    if let label { return label == config.label }
    let multiplier = config.tokenMultiplier
    return size?.values.contains(config.size) ?? true
      && tokenMultiplier?.values.contains { $0 == multiplier } ?? true
      && corpus?.values.contains(config.corpus) ?? true
      && seed?.values.contains(config.replicate) ?? true
  }

  /// The match in words, for errors.
  public var name: String {
    let axes = [
      size?.values.joined(separator: "|"),
      tokenMultiplier.map { "M=" + $0.values.map { "\($0)" }.joined(separator: "|") },
      corpus?.values.joined(separator: "|"),
      seed.map { "seed " + $0.values.map { "\($0)" }.joined(separator: "|") },
    ]
    return label ?? axes.compactMap { $0 }.joined(separator: " ")
  }
}

extension GridConfig.Ladder: Codable {
  private struct SizesKey: CodingKey {
    let stringValue = "sizes"
    var intValue: Int? { nil }
    init() {}
    init?(stringValue: String) { nil }
    init?(intValue: Int) { nil }
  }

  /// Decodes the common options and `sizes` from one mapping.
  public init(from decoder: any Decoder) throws {
    common = try ModelOptions(from: decoder)
    let container = try decoder.container(keyedBy: SizesKey.self)
    sizes = try container.decode([String: ModelOptions].self, forKey: SizesKey())
  }

  /// Encodes the common options and `sizes` into one mapping.
  public func encode(to encoder: any Encoder) throws {
    try common.encode(to: encoder)
    var container = encoder.container(keyedBy: SizesKey.self)
    try container.encode(sizes, forKey: SizesKey())
  }
}
