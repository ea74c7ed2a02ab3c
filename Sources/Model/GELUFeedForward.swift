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
    let a: Matrix  // [B·T, F]  x W₁ᵀ + b₁
  }

  package func forward(
    _ x: Matrix, into y: Matrix, _ batch: BatchShape, _ weights: ParameterBuffer, _ arena: Arena
  ) -> Saved {
    let a = arena.matrix(x.rows, up.weight.rows)
    up.forward(x, into: a, weights, arena)
    arena.scratch {
      let h = arena.matrix(x.rows, up.weight.rows)  // gelu(a)
      arena.share(h.rows) { rows, _ in geluForward(a[rows: rows], into: h[rows: rows]) }
      down.forward(h, into: y, weights, arena)
    }
    return Saved(a: a)
  }

  package func backward(
    _ dy: Matrix, x: Matrix, _ saved: Saved, into dx: Matrix, _ batch: BatchShape,
    _ weights: ParameterBuffer, _ gradients: ParameterBuffer, _ arena: Arena
  ) {
    arena.scratch {
      let dh = arena.matrix(dy.rows, down.weight.columns)
      down.backward(dy, into: dh, weights, arena)
      let da = saved.a  // not needed again
      arena.share(dh.rows) { rows, _ in
        geluBackward(dh[rows: rows], da[rows: rows], into: da[rows: rows])
      }
      let h = dh
      down.backward(dy, x: h, addingTo: gradients, arena)
      up.backward(da, x: x, into: dx, weights, gradients, arena)
    }
  }
}
