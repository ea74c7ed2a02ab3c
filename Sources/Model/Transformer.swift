import Experiment
import Kernels

/// A decoder-only transformer: embedding, blocks, norm, head. The head is the embedding table where
/// they are tied.
struct Transformer<FeedForward: BlockLayer>: LanguageModel {
  let config: ModelConfig
  let layout: ParameterLayout
  private let embedding: TokenEmbedding
  private let blocks: [TransformerBlock<FeedForward>]
  private let norm: Norm
  private let head: Parameter  // [V, D]

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

  func tokenLosses(
    _ batch: TokenBatch, _ weights: ParameterBuffer, into losses: inout [Float], _ arena: Arena
  ) {
    _ = shape(batch)
    if losses.count != batch.count { losses = Array(repeating: 0, count: batch.count) }
    // Fewer rows than a large product has (MatMul.swift), so that bits do not depend on how many.
    let atOnce = max(1, 511 / batch.positions)
    for first in stride(from: 0, to: batch.sequences, by: atOnce) {
      let part = BatchShape(
        sequences: min(atOnce, batch.sequences - first), positions: batch.positions)
      let range = first * batch.positions..<first * batch.positions + part.rows
      arena.reset()
      var x = arena.matrix(part.rows, config.width)
      var y = arena.matrix(part.rows, config.width)
      embedding.forward(batch.inputs[range], length: part.positions, into: x, weights)
      for block in blocks {
        arena.scratch { _ = block.forward(x, into: y, part, weights, arena) }
        swap(&x, &y)
      }
      arena.scratch { _ = norm.forward(x, into: y, weights, arena) }
      crossEntropyLosses(
        y, table: weights[head], targets: batch.targets[range], into: &losses[range], arena)
    }
  }

  private func shape(_ batch: TokenBatch) -> BatchShape {
    precondition(
      batch.positions <= config.contextLength, "a sequence is longer than the context")
    precondition(batch.inputs.count == batch.count && batch.targets.count == batch.count)
    return BatchShape(sequences: batch.sequences, positions: batch.positions)
  }
}
