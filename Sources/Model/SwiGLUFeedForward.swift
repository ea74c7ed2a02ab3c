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
    let x: Matrix  // [B·T, D]
    let ab: Matrix  // [B·T, 2F]  x W₁ᵀ beside x W₃ᵀ
    let h: Matrix  // [B·T, F]  silu(a) ⊙ b
  }

  package func forward(
    _ x: Matrix, into y: Matrix, _ batch: BatchShape, _ weights: ParameterBuffer, _ arena: Arena
  ) -> Saved {
    let ab = arena.matrix(x.rows, gateAndUp.weight.rows)
    let h = arena.matrix(x.rows, down.weight.columns)
    gateAndUp.forward(x, into: ab, weights, arena)
    swiGLUForward(ab, into: h)
    down.forward(h, into: y, weights, arena)
    return Saved(x: x, ab: ab, h: h)
  }

  package func backward(
    _ dy: Matrix, _ saved: Saved, into dx: Matrix, _ batch: BatchShape, _ weights: ParameterBuffer,
    _ gradients: ParameterBuffer, _ arena: Arena
  ) {
    arena.scratch {
      let dh = arena.matrix(dy.rows, saved.h.columns)
      down.backward(dy, x: saved.h, into: dh, weights, gradients, arena)
      let dab = saved.ab  // not needed again
      swiGLUBackward(dh, saved.ab, into: dab)
      gateAndUp.backward(dab, x: saved.x, into: dx, weights, gradients, arena)
    }
  }
}
