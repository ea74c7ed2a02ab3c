import Experiment
import Kernels

/// y = softmax(Q Kᵀ / √W, causal) V Woᵀ per head, with [Q | K | V] = x [Wq; Wk; Wv]ᵀ, queries and
/// keys normalised and rotated where the config says so.
package struct Attention: BlockLayer {
  let projection: Linear  // Wq over Wk over Wv [(H + 2G)·W, D]
  let queryNorm: Norm?
  let keyNorm: Norm?
  let rotation: RotaryTable?
  let output: Linear  // Wo [D, H·W]
  let heads: Int  // H
  let keyValueHeads: Int  // G
  let headWidth: Int  // W

  package init(_ config: ModelConfig, index: Int, _ layout: inout ParameterLayout) {
    let name = "model.layers.\(index).self_attn"
    let width = config.width
    heads = config.heads
    keyValueHeads = config.keyValueHeads
    headWidth = config.headWidth
    let keyWidth = keyValueHeads * headWidth
    projection = Linear(
      [("\(name).q_proj", width), ("\(name).k_proj", keyWidth), ("\(name).v_proj", keyWidth)],
      inputs: width, biases: config.biases, start: config.start(inputs: width), &layout)
    output = Linear(
      [("\(name).o_proj", width)], inputs: width, biases: config.biases,
      start: config.start(inputs: width, residualOfLayer: index), &layout)
    let widths: (query: Int, key: Int)? =
      switch config.qkNorm {
      case .none: nil
      case .perHead: (headWidth, headWidth)
      case .fullWidth: (width, keyWidth)
      }
    queryNorm = widths.map {
      Norm("\(name).q_norm", width: $0.query, config, hasBias: false, &layout)
    }
    keyNorm = widths.map {
      Norm("\(name).k_norm", width: $0.key, config, hasBias: false, &layout)
    }
    rotation =
      config.positions == .rotary
      ? RotaryTable(
        positions: config.contextLength, headWidth: headWidth, base: config.ropeBase) : nil
  }

  package struct Saved {
    let queries: Norm.Saved?  // Q before its norm
    let keys: Norm.Saved?
    let qkv: Matrix  // [B·T, (H + 2G)·W]  normalised and rotated
    let o: Matrix  // [B·T, H·W]
    let statistics: Matrix  // [B·H, 2·T]
  }

  package func forward(
    _ x: Matrix, into y: Matrix, _ batch: BatchShape, _ weights: ParameterBuffer, _ arena: Arena
  ) -> Saved {
    let shape = shape(batch)
    let qkv = arena.matrix(x.rows, shape.columns)
    var queries: Norm.Saved?
    var keys: Norm.Saved?
    if let queryNorm, let keyNorm {
      let raw = arena.matrix(x.rows, shape.columns)
      projection.forward(x, into: raw, weights, arena)
      queries = queryNorm.forward(
        raw[columns: queryColumns], into: qkv[columns: queryColumns], weights, arena)
      keys = keyNorm.forward(
        raw[columns: keyColumns], into: qkv[columns: keyColumns], weights, arena)
      copy(raw[columns: valueColumns], into: qkv[columns: valueColumns])
    } else {
      projection.forward(x, into: qkv, weights, arena)
    }
    if let rotation {
      arena.share(rotatedHeads) { heads, _ in
        rotaryForward(qkv[columns: columns(of: heads)], table: rotation, length: batch.positions)
      }
    }
    let o = arena.matrix(x.rows, heads * headWidth)
    let statistics = arena.matrix(batch.sequences * heads, 2 * batch.positions)
    arena.share(shape.groups) { groups, arena in
      causalAttentionForward(qkv, shape, groups, into: o, statistics: statistics, arena)
    }
    output.forward(o, into: y, weights, arena)
    return Saved(queries: queries, keys: keys, qkv: qkv, o: o, statistics: statistics)
  }

  package func backward(
    _ dy: Matrix, x: Matrix, _ saved: Saved, into dx: Matrix, _ batch: BatchShape,
    _ weights: ParameterBuffer, _ gradients: ParameterBuffer, _ arena: Arena
  ) {
    arena.scratch {
      let dO = arena.matrix(dy.rows, saved.o.columns)
      let dQKV = arena.matrix(dy.rows, saved.qkv.columns)
      output.backward(dy, x: saved.o, into: dO, weights, gradients, arena)
      let shape = shape(batch)
      arena.share(shape.groups) { groups, arena in
        causalAttentionBackward(
          dO, saved.qkv, o: saved.o, statistics: saved.statistics, shape, groups, into: dQKV, arena)
      }
      if let rotation {
        arena.share(rotatedHeads) { heads, _ in
          rotaryBackward(
            dQKV[columns: columns(of: heads)], table: rotation, length: batch.positions)
        }
      }
      if let queryNorm, let keyNorm, let queries = saved.queries, let keys = saved.keys {
        let (dQ, dK) = (dQKV[columns: queryColumns], dQKV[columns: keyColumns])
        queryNorm.backward(dQ, queries, into: dQ, weights, gradients)
        keyNorm.backward(dK, keys, into: dK, weights, gradients)
      }
      projection.backward(dQKV, x: x, into: dx, weights, gradients, arena)
    }
  }

  var queryColumns: Range<Int> { 0..<heads * headWidth }
  var keyColumns: Range<Int> {
    heads * headWidth..<(heads + keyValueHeads) * headWidth
  }
  private var valueColumns: Range<Int> {
    (heads + keyValueHeads) * headWidth..<(heads + 2 * keyValueHeads) * headWidth
  }
  var rotatedHeads: Int { heads + keyValueHeads }
  private func columns(of heads: Range<Int>) -> Range<Int> {
    heads.lowerBound * headWidth..<heads.upperBound * headWidth
  }

  func shape(_ batch: BatchShape) -> AttentionShape {
    AttentionShape(
      sequences: batch.sequences, positions: batch.positions, heads: heads,
      keyValueHeads: keyValueHeads, headWidth: headWidth)
  }
}
