import Experiment
import Kernels

/// u = x + attention(norm(x)), y = u + feedForward(norm(u))
package struct TransformerBlock<FeedForward: BlockLayer>: Sendable {
  let attentionNorm: Norm
  let attention: Attention
  let feedForwardNorm: Norm
  let feedForward: FeedForward

  package init(_ config: ModelConfig, index: Int, _ layout: inout ParameterLayout) {
    let name = "model.layers.\(index)"
    attentionNorm = Norm("\(name).input_layernorm", width: config.width, config, &layout)
    attention = Attention(config, index: index, &layout)
    feedForwardNorm = Norm(
      "\(name).post_attention_layernorm", width: config.width, config, &layout)
    feedForward = FeedForward(config, index: index, &layout)
  }

  package struct Saved {
    let attentionNorm: Norm.Saved
    let attention: Attention.Saved
    let feedForwardNorm: Norm.Saved
    let feedForward: FeedForward.Saved
  }

  /// Writes y.
  package func forward(
    _ x: Matrix, into y: Matrix, _ batch: BatchShape, _ weights: ParameterBuffer, _ arena: Arena
  ) -> Saved {
    let u = arena.matrix(x.rows, x.columns)
    // y is free until the end, and the outputs of the norms are cheap to make again on the way back.
    let savedX = attentionNorm.forward(x, into: y, weights, arena)
    let savedAttention = attention.forward(y, into: u, batch, weights, arena)
    arena.share(x.rows) { rows, _ in add(x[rows: rows], u[rows: rows], into: u[rows: rows]) }
    let savedU = feedForwardNorm.forward(u, into: y, weights, arena)
    let savedFeedForward = feedForward.forward(y, into: y, batch, weights, arena)
    arena.share(x.rows) { rows, _ in add(u[rows: rows], y[rows: rows], into: y[rows: rows]) }
    return Saved(
      attentionNorm: savedX, attention: savedAttention, feedForwardNorm: savedU,
      feedForward: savedFeedForward)
  }

  /// Turns dy into dx, in place, and adds to `gradients`.
  package func backward(
    _ dy: Matrix, _ saved: Saved, _ batch: BatchShape, _ weights: ParameterBuffer,
    _ gradients: ParameterBuffer, _ arena: Arena
  ) {
    arena.scratch {
      let normal = arena.matrix(dy.rows, dy.columns)
      let dNormal = arena.matrix(dy.rows, dy.columns)
      feedForwardNorm.repeatForward(saved.feedForwardNorm, into: normal, weights, arena)
      feedForward.backward(
        dy, x: normal, saved.feedForward, into: dNormal, batch, weights, gradients, arena)
      feedForwardNorm.backward(
        dNormal, saved.feedForwardNorm, into: dy, accumulating: true, weights, gradients)
      attentionNorm.repeatForward(saved.attentionNorm, into: normal, weights, arena)
      attention.backward(
        dy, x: normal, saved.attention, into: dNormal, batch, weights, gradients, arena)
      attentionNorm.backward(
        dNormal, saved.attentionNorm, into: dy, accumulating: true, weights, gradients)
    }
  }
}
