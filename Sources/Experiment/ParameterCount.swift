/// How many parameters a model has, by the groups that laws and budgets need.
public struct ParameterCount: Codable, Hashable, Sendable {
  /// Every weight; a tied table counts once.
  public let total: Int
  /// Weights that take part in a matmul for each token: body + head; a tied table counts once.
  public let matmul: Int
  /// Without embedding, positions and head.
  public let body: Int

  /// Counts the parameters of `model` without building it.
  public init(_ model: ModelConfig) {
    let d = model.width
    let keyValueWidth = model.keyValueHeads * model.headWidth
    let norm = model.norm == .layerNorm ? 2 * d : d
    let bias = model.biases ? 1 : 0
    let attention = 2 * d * d + 2 * d * keyValueWidth + bias * (2 * d + 2 * keyValueWidth)
    let qkNorm =
      switch model.qkNorm {
      case .none: 0
      case .perHead: 2 * model.headWidth
      case .fullWidth: d + keyValueWidth
      }
    let f = model.hiddenWidth
    let feedForward =
      switch model.feedForward {
      case .swiglu: 3 * d * f + bias * (2 * f + d)
      case .gelu: 2 * d * f + bias * (f + d)
      }
    let table = model.vocabularySize * d
    let positions = model.positions == .learned ? model.contextLength * d : 0
    body = model.layers * (attention + qkNorm + feedForward + 2 * norm) + norm
    matmul = body + table
    total = body + table + positions + (model.tiedEmbeddings ? 0 : table)
  }
}

extension ModelConfig {
  /// Floating-point operations to train on one token, forward and backward, with causal attention:
  /// 6·N_matmul + 6·layers·D·(T + 1).
  public var trainingFLOPsPerToken: Double {
    6 * Double(ParameterCount(self).matmul) + attentionFLOPsPerToken
  }

  /// Whether the model is so large that workers share each kernel of one slot, instead of taking slots
  /// with a gradient and activations each: most kernels then take 0.1 ms or more.
  public var sharesKernels: Bool { trainingFLOPsPerToken >= 2.5e7 }

  /// The part of softmax attention: 6·layers·D·(T + 1).
  public var attentionFLOPsPerToken: Double {
    6 * Double(layers) * Double(width) * Double(contextLength + 1)
  }

  /// The part of the head: 6·V·D.
  public var headFLOPsPerToken: Double { 6 * Double(vocabularySize) * Double(width) }
}
