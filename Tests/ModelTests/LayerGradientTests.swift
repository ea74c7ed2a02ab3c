import Experiment
import Kernels
import Model
import Testing

/// Every layer: the gradients of its input and of every parameter.
@Suite struct LayerGradientTests {
  let tolerance = 5e-4

  /// Checks a layer with `forward(x) → y`, `backward(dy) → dx` on a batch of 2 × 9.
  private func check<Saved>(
    _ layout: ParameterLayout, inputs: Int, outputs: Int, name: String,
    forward: (Matrix, Matrix, ParameterBuffer, Arena) -> Saved,
    backward: (Matrix, Saved, Matrix, ParameterBuffer, ParameterBuffer, Arena) -> Void
  ) {
    let (weights, gradients, arena) = (
      ParameterBuffer(layout), ParameterBuffer(layout), Arena()
    )
    for (i, parameter) in layout.parameters.enumerated() {
      let values = noise(parameter.rows, parameter.columns, seed: i + 10, scale: 0.5).values
      weights.set(parameter, parameter.isMatrix ? values : values.map { $0 + 0.8 })
    }
    let x = noise(18, inputs, seed: 1)
    let dy = noise(18, outputs, seed: 2)
    let (y, dx) = (Matrix(rows: 18, columns: outputs), Matrix(rows: 18, columns: inputs))
    backward(dy, forward(x, y, weights, arena), dx, weights, gradients, arena)
    func loss() -> Double {
      arena.reset()
      _ = forward(x, y, weights, arena)
      return dot(y, dy)
    }
    checkGradient(of: x, dx.values, named: "\(name) x", tolerance: tolerance, loss: loss)
    for parameter in layout.parameters {
      checkGradient(
        of: weights[parameter], gradients.values(of: parameter), named: "\(name) \(parameter.name)",
        tolerance: tolerance, loss: loss)
    }
  }

  private func check<Layer: BlockLayer>(_ type: Layer.Type, _ config: ModelConfig) {
    var layout = ParameterLayout()
    let layer = Layer(config, index: 1, &layout)
    let batch = BatchShape(sequences: 2, positions: 9)
    check(layout, inputs: config.width, outputs: config.width, name: "\(type)") {
      ($0, layer.forward($0, into: $1, batch, $2, $3))
    } backward: {
      layer.backward($0, x: $1.0, $1.1, into: $2, batch, $3, $4, $5)
    }
  }

  @Test func linear() {
    var layout = ParameterLayout()
    let layer = Linear(
      [("a", 5), ("b", 11)], inputs: 13, biases: true, start: .zeros, &layout)
    check(layout, inputs: 13, outputs: 16, name: "linear") { x, y, weights, arena in
      layer.forward(x, into: y, weights, arena)
      return x
    } backward: {
      layer.backward($0, x: $1, into: $2, $3, $4, $5)
    }
  }

  @Test(arguments: ModelConfig.Norm.allCases, [(16, 1), (21, 1), (8, 3), (6, 2)])
  func norm(_ kind: ModelConfig.Norm, _ shape: (width: Int, groups: Int)) throws {
    var layout = ParameterLayout()
    let layer = Norm("norm", width: shape.width, try model(norm: kind), &layout)
    let columns = shape.width * shape.groups
    check(layout, inputs: columns, outputs: columns, name: "\(kind) \(shape)") {
      layer.forward($0, into: $1, $2, $3)
    } backward: { dy, saved, dx, weights, gradients, _ in
      dx.values = dy.values
      layer.backward(dx, saved, into: dx, weights, gradients)
      // The other form adds: twice the gradient of the input, taken back to once.
      let sum = Matrix(rows: dx.rows, columns: dx.columns, dx.values)
      layer.backward(
        dy, saved, into: sum, accumulating: true, weights, ParameterBuffer(layout))
      dx.values = sum.values.map { $0 / 2 }
    }
  }

  @Test func feedForward() throws {
    check(SwiGLUFeedForward.self, try model(width: 12, hidden: 20))
    check(SwiGLUFeedForward.self, try model(biases: true))
    check(GELUFeedForward.self, try model(family: .gpt2, width: 8, hidden: 20))
    check(GELUFeedForward.self, try model(family: .gpt2, biases: false))
  }

  @Test func attention() throws {
    for config in try variety() { check(Attention.self, config) }
  }

  @Test func block() throws {
    let config = try model(heads: 4, keyValueHeads: 2, qkNorm: .perHead)
    var layout = ParameterLayout()
    let block = TransformerBlock<SwiGLUFeedForward>(config, index: 0, &layout)
    let batch = BatchShape(sequences: 2, positions: 9)
    check(layout, inputs: 16, outputs: 16, name: "block") {
      block.forward($0, into: $1, batch, $2, $3)
    } backward: { dy, saved, dx, weights, gradients, arena in
      dx.values = dy.values
      block.backward(dx, saved, batch, weights, gradients, arena)
    }
  }
}
