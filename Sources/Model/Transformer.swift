import Experiment
import Kernels

/// A decoder-only transformer: embedding, blocks, norm, head. The head is the embedding table where
/// they are tied.
struct Transformer<FeedForward: BlockLayer>: LanguageModel {
  let config: ModelConfig
  let layout: ParameterLayout
  let embedding: TokenEmbedding
  let blocks: [TransformerBlock<FeedForward>]
  let norm: Norm
  let head: Parameter  // [V, D]

  init(_ config: ModelConfig) {
    var layout = ParameterLayout()
    embedding = TokenEmbedding(config, &layout)
    blocks = (0..<config.layers).map { TransformerBlock(config, index: $0, &layout) }
    norm = Norm("model.norm", width: config.width, config, &layout)
    head =
      config.tiedEmbeddings
      ? embedding.table
      : layout.add(
        "lm_head.weight", rows: config.vocabularySize, columns: config.width,
        start: config.start(inputs: config.width))
    self.config = config
    self.layout = layout
  }

  func backpropagate(
    _ batch: TokenBatch, _ weights: ParameterBuffer, addingTo gradients: ParameterBuffer,
    scale: Float, zLoss: Float, _ arena: Arena
  ) -> LossSum {
    let shape = shape(batch)
    arena.reset()
    let x = arena.matrix(shape.rows, config.width)
    let dx = arena.matrix(shape.rows, config.width)
    embedding.forward(batch.inputs[...], length: shape.positions, into: x, weights)
    let sums = through(0, x, into: dx, shape, weights, gradients, arena) { y, dy in
      let normal = arena.matrix(shape.rows, config.width)
      let saved = norm.forward(y, into: normal, weights, arena)
      let sums = crossEntropyBackpropagate(
        normal, table: weights[head], targets: batch.targets, scale: scale, zLoss: zLoss, into: dy,
        addingTo: gradients[head], arena)
      norm.backward(dy, saved, into: dy, weights, gradients)
      return sums
    }
    embedding.backward(dx, batch, gradients)
    return LossSum(
      crossEntropy: sums.crossEntropy, squaredLogSumExp: sums.squaredLogSumExp, tokens: sums.tokens)
  }

  /// Forward through the blocks from `index` on, through the loss, and back: what a block saves lives
  /// on the stack between its two passes. Writes dx.
  private func through(
    _ index: Int, _ x: Matrix, into dx: Matrix, _ shape: BatchShape, _ weights: ParameterBuffer,
    _ gradients: ParameterBuffer, _ arena: Arena,
    loss: (_ y: Matrix, _ dy: Matrix) -> CrossEntropySum
  ) -> CrossEntropySum {
    guard index < blocks.count else { return loss(x, dx) }
    return arena.scratch {
      let y = arena.matrix(x.rows, x.columns)
      let saved = blocks[index].forward(x, into: y, shape, weights, arena)
      let sums = through(
        index + 1, y, into: dx, shape, weights, gradients, arena, loss: loss)
      blocks[index].backward(dx, saved, shape, weights, gradients, arena)
      return sums
    }
  }

  private func shape(_ batch: TokenBatch) -> BatchShape {
    precondition(
      batch.positions <= config.contextLength, "a sequence is longer than the context")
    precondition(batch.inputs.count == batch.count && batch.targets.count == batch.count)
    return BatchShape(sequences: batch.sequences, positions: batch.positions)
  }
}
