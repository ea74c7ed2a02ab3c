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
    var x = arena.matrix(shape.rows, config.width)
    embedding.forward(batch.inputs[...], length: shape.positions, into: x, weights)
    var saved: [TransformerBlock<FeedForward>.Saved] = []
    saved.reserveCapacity(blocks.count)
    for block in blocks {
      let y = arena.matrix(shape.rows, config.width)
      saved.append(block.forward(x, into: y, shape, weights, arena))
      x = y
    }
    let normal = arena.matrix(shape.rows, config.width)
    let savedNorm = norm.forward(x, into: normal, weights, arena)

    let dx = arena.matrix(shape.rows, config.width)
    let sums = crossEntropyBackpropagate(
      normal, table: weights[head], targets: batch.targets, scale: scale, zLoss: zLoss, into: dx,
      addingTo: gradients[head], arena)
    norm.backward(dx, savedNorm, into: dx, weights, gradients)
    for (block, saved) in zip(blocks, saved).reversed() {
      block.backward(dx, saved, shape, weights, gradients, arena)
    }
    embedding.backward(dx, batch, gradients)
    return LossSum(
      crossEntropy: sums.crossEntropy, squaredLogSumExp: sums.squaredLogSumExp, tokens: sums.tokens)
  }

  private func shape(_ batch: TokenBatch) -> BatchShape {
    precondition(
      batch.positions <= config.contextLength, "a sequence is longer than the context")
    precondition(batch.inputs.count == batch.count && batch.targets.count == batch.count)
    return BatchShape(sequences: batch.sequences, positions: batch.positions)
  }
}
