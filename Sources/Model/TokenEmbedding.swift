import Experiment
import Kernels

/// x[n] = table[token] (+ positions[n mod T])
package struct TokenEmbedding: Sendable {
  let table: Parameter  // [V, D]
  let positions: Parameter?  // [T, D]

  package init(_ config: ModelConfig, _ layout: inout ParameterLayout) {
    let start = config.start(inputs: config.width)
    table = layout.add(
      "model.embed_tokens.weight", rows: config.vocabularySize, columns: config.width, start: start)
    positions =
      config.positions == .learned
      ? layout.add(
        "model.embed_positions.weight", rows: config.contextLength, columns: config.width,
        start: start) : nil
  }

  package func forward(
    _ ids: ArraySlice<Int32>, length: Int, into x: Matrix, _ weights: ParameterBuffer
  ) {
    embeddingForward(
      ids, table: weights[table], positions: positions.map { weights[$0] },
      length: length, into: x)
  }

  package func backward(_ dx: Matrix, _ batch: TokenBatch, _ gradients: ParameterBuffer) {
    embeddingBackward(
      dx, ids: batch.inputs, addingTo: gradients[table],
      positions: positions.map { gradients[$0] }, length: batch.positions)
  }
}
