import Experiment
import Kernels

/// All that training and evaluation see of a model. It owns no numbers: weights come from outside.
///
/// A token id or target outside the vocabulary, or more positions than the context, is a
/// programming error and stops the program; a corpus is checked when it is opened.
public protocol LanguageModel: Sendable {
  var config: ModelConfig { get }
  /// Names, shapes and places of the weights.
  var layout: ParameterLayout { get }

  /// Adds d(scale · Σ (cross-entropy + zLoss · logsumexp²))/dθ to `gradients`, summed over the
  /// scored tokens of `batch`.
  ///
  /// The arena is reset first; afterwards it can be used again.
  func backpropagate(
    _ batch: TokenBatch, _ weights: ParameterBuffer, addingTo gradients: ParameterBuffer,
    scale: Float, zLoss: Float, _ arena: Arena
  ) -> LossSum

  /// How likely every target of the trees is, in the order of trees, branches and tokens.
  ///
  /// Forward only. A tree's scores do not depend on the other trees, bit for bit. The arena is reset
  /// first; afterwards it can be used again.
  func scores(
    _ trees: ArraySlice<TextTree>, _ weights: ParameterBuffer, _ arena: Arena
  ) -> [TokenScore]
}

/// Sums over the scored tokens of one or more batches.
public struct LossSum: Sendable, Equatable {
  /// Σ −ln p(target), in nats.
  public var crossEntropy: Double
  /// Σ logsumexp(logits)².
  public var squaredLogSumExp: Double
  /// How many tokens were scored.
  public var tokens: Int

  /// All fields, in order.
  public init(crossEntropy: Double = 0, squaredLogSumExp: Double = 0, tokens: Int = 0) {
    self.crossEntropy = crossEntropy
    self.squaredLogSumExp = squaredLogSumExp
    self.tokens = tokens
  }

  /// Adds the sums of another batch.
  public static func += (a: inout LossSum, b: LossSum) {
    a.crossEntropy += b.crossEntropy
    a.squaredLogSumExp += b.squaredLogSumExp
    a.tokens += b.tokens
  }
}

extension ModelConfig {
  /// The model of this shape.
  public func build() -> any LanguageModel {
    switch feedForward {
    case .swiglu: Transformer<SwiGLUFeedForward>(self)
    case .gelu: Transformer<GELUFeedForward>(self)
    }
  }
}
