import Experiment
import Kernels

/// y = x Wᵀ + b
package struct Linear: Sendable {
  let weight: Parameter  // W [F, D]
  let bias: Parameter?  // b [F]

  /// Declares `<name>.weight` and, where the model has biases, `<name>.bias` for each of `outputs`.
  /// Several outputs are several named parameters and one matmul: y holds them side by side.
  package init(
    _ outputs: [(name: String, rows: Int)], inputs: Int, biases: Bool, start: Parameter.Start,
    _ layout: inout ParameterLayout
  ) {
    var weights: [Parameter] = []
    for output in outputs {
      weights.append(
        layout.add(
          "\(output.name).weight", rows: output.rows, columns: inputs, start: start))
    }
    weight = .stack(weights)
    guard biases else {
      bias = nil
      return
    }
    var parts: [Parameter] = []
    for output in outputs {
      parts.append(layout.add("\(output.name).bias", count: output.rows, start: .zeros))
    }
    bias = .stack(parts)
  }

  /// Writes y.
  package func forward(
    _ x: Matrix, into y: Matrix, _ weights: ParameterBuffer, _ arena: Arena
  ) {
    let w = weights[weight]
    arena.share(w.rows, inUnitsOf: 16) { part, arena in
      matmul(x, transposed: w[rows: part], into: y[columns: part], arena)
    }
    if let bias { addBias(weights[bias], to: y) }
  }

  /// Writes dx, adds to `gradients`.
  package func backward(
    _ dy: Matrix, x: Matrix, into dx: Matrix, _ weights: ParameterBuffer,
    _ gradients: ParameterBuffer, _ arena: Arena
  ) {
    backward(dy, into: dx, weights, arena)
    backward(dy, x: x, addingTo: gradients, arena)
  }

  /// Writes dx.
  func backward(_ dy: Matrix, into dx: Matrix, _ weights: ParameterBuffer, _ arena: Arena) {
    let w = weights[weight]
    arena.share(w.columns, inUnitsOf: 16) { part, arena in
      matmul(dy, w[columns: part], into: dx[columns: part], arena)
    }
  }

  /// Adds dW and db to `gradients`.
  func backward(_ dy: Matrix, x: Matrix, addingTo gradients: ParameterBuffer, _ arena: Arena) {
    let dW = gradients[weight]
    arena.share(dW.rows, inUnitsOf: 16) { part, arena in
      matmul(transposed: dy[columns: part], x, addingTo: dW[rows: part], arena)
    }
    if let bias { biasBackward(dy, addingTo: gradients[bias]) }
  }
}
