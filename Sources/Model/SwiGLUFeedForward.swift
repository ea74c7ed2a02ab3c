import Experiment
import Kernels

/// y = (silu(x W₁ᵀ) ⊙ x W₃ᵀ) W₂ᵀ
package struct SwiGLUFeedForward: BlockLayer {
  let gateAndUp: Linear  // W₁ over W₃ [2F, D]
  let down: Linear  // W₂ [D, F]

  package init(_ config: ModelConfig, index: Int, _ layout: inout ParameterLayout) {
    let name = "model.layers.\(index).mlp"
    let (width, hidden) = (config.width, config.hiddenWidth)
    gateAndUp = Linear(
      [("\(name).gate_proj", hidden), ("\(name).up_proj", hidden)], inputs: width,
      biases: config.biases, start: config.start(inputs: width), &layout)
    down = Linear(
      [("\(name).down_proj", width)], inputs: hidden, biases: config.biases,
      start: config.start(inputs: hidden, residualOfLayer: index), &layout)
  }

  package struct Saved {
    let ab: Matrix  // [B·T, 2F]  x W₁ᵀ beside x W₃ᵀ
  }

  package func forward(
    _ x: Matrix, into y: Matrix, _ batch: BatchShape, _ weights: ParameterBuffer, _ arena: Arena
  ) -> Saved {
    let ab = arena.matrix(x.rows, gateAndUp.weight.rows)
    gateAndUp.forward(x, into: ab, weights, arena)
    arena.scratch {
      let h = arena.matrix(x.rows, down.weight.columns)  // silu(a) ⊙ b
      arena.share(h.rows) { rows, _ in swiGLUForward(ab[rows: rows], into: h[rows: rows]) }
      down.forward(h, into: y, weights, arena)
    }
    return Saved(ab: ab)
  }

  package func backward(
    _ dy: Matrix, x: Matrix, _ saved: Saved, into dx: Matrix, _ batch: BatchShape,
    _ weights: ParameterBuffer, _ gradients: ParameterBuffer, _ arena: Arena
  ) {
    arena.scratch {
      let dh = arena.matrix(dy.rows, down.weight.columns)
      down.backward(dy, into: dh, weights, arena)
      let dab = saved.ab  // not needed again
      arena.share(dh.rows) { rows, _ in
        swiGLUBackward(dh[rows: rows], dab[rows: rows], into: dab[rows: rows])
      }
      let h = dh
      down.backward(dy, x: h, addingTo: gradients, arena)
      gateAndUp.backward(dab, x: x, into: dx, weights, gradients, arena)
    }
  }
}
