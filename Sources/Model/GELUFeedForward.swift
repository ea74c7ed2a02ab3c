import Experiment
import Kernels

/// y = gelu(x W₁ᵀ + b₁) W₂ᵀ + b₂
package struct GELUFeedForward: BlockLayer {
  let up: Linear  // W₁ [F, D]
  let down: Linear  // W₂ [D, F]

  package init(_ config: ModelConfig, index: Int, _ layout: inout ParameterLayout) {
    let name = "model.layers.\(index).mlp"
    let (width, hidden) = (config.width, config.hiddenWidth)
    up = Linear(
      [("\(name).up_proj", hidden)], inputs: width, biases: config.biases,
      start: config.start(inputs: width), &layout)
    down = Linear(
      [("\(name).down_proj", width)], inputs: hidden, biases: config.biases,
      start: config.start(inputs: hidden, residualOfLayer: index), &layout)
  }

  package struct Saved {
    let x: Matrix  // [B·T, D]
    let a: Matrix  // [B·T, F]  x W₁ᵀ + b₁
    let h: Matrix  // [B·T, F]  gelu(a)
  }

  package func forward(
    _ x: Matrix, into y: Matrix, _ batch: BatchShape, _ weights: ParameterBuffer, _ arena: Arena
  ) -> Saved {
    let a = arena.matrix(x.rows, up.weight.rows)
    let h = arena.matrix(x.rows, up.weight.rows)
    up.forward(x, into: a, weights, arena)
    geluForward(a, into: h)
    down.forward(h, into: y, weights, arena)
    return Saved(x: x, a: a, h: h)
  }

  package func backward(
    _ dy: Matrix, _ saved: Saved, into dx: Matrix, _ batch: BatchShape, _ weights: ParameterBuffer,
    _ gradients: ParameterBuffer, _ arena: Arena
  ) {
    arena.scratch {
      let da = arena.matrix(dy.rows, saved.h.columns)
      down.backward(dy, x: saved.h, into: da, weights, gradients, arena)
      geluBackward(da, saved.a, into: da)
      up.backward(da, x: saved.x, into: dx, weights, gradients, arena)
    }
  }
}
