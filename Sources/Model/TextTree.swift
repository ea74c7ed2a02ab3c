/// Texts that begin alike: the stem goes through a model once, then every branch after it.
///
/// This is what evaluation scores: a validation window is one branch without a stem, an item of a
/// task has a branch for each choice.
public struct TextTree: Sendable, Equatable {
  /// A text after the stem.
  public struct Branch: Sendable, Equatable {
    /// Token ids; at least one.
    public var inputs: [Int32]
    /// The token that should follow each input; −1 is not scored.
    public var targets: [Int32]

    /// All fields, in order.
    public init(inputs: [Int32], targets: [Int32]) {
      precondition(!inputs.isEmpty && inputs.count == targets.count)
      self.inputs = inputs
      self.targets = targets
    }
  }

  /// Token ids that every branch follows; nothing is scored in it.
  public let stem: [Int32]
  /// The texts after it; at least one.
  public let branches: [Branch]

  /// All fields, in order.
  public init(stem: [Int32], branches: [Branch]) {
    precondition(!branches.isEmpty)
    self.stem = stem
    self.branches = branches
  }

  /// How many tokens go through the model.
  public var count: Int { branches.reduce(stem.count) { $0 + $1.inputs.count } }

  /// The longest of its texts.
  public var longest: Int { branches.reduce(0) { max($0, stem.count + $1.inputs.count) } }
}
