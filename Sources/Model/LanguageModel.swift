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

  /// The negative log-likelihood of every target in nats, 0 where it is −1, into `losses`, which
  /// becomes [B·T].
  ///
  /// Forward only. A sequence's losses do not depend on the others in the batch.
  func tokenLosses(
    _ batch: TokenBatch, _ weights: ParameterBuffer, into losses: inout [Float], _ arena: Arena)
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
