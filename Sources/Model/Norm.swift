import Experiment
import Kernels

/// y = normalised x ⊙ gain (+ bias), over groups of as many columns as the gain has.
package struct Norm: Sendable {
  let kind: ModelConfig.Norm
  let epsilon: Float
  let gain: Parameter  // [W]
  let bias: Parameter?  // [W]

  /// Declares `<name>.weight` and, for the norm of GPT-2, `<name>.bias`.
  package init(
    _ name: String, width: Int, _ config: ModelConfig, hasBias: Bool = true,
    _ layout: inout ParameterLayout
  ) {
    kind = config.norm
    epsilon = Float(config.normEpsilon)
    gain = layout.add("\(name).weight", count: width, start: .ones)
    bias =
      kind == .layerNorm && hasBias
      ? layout.add("\(name).bias", count: width, start: .zeros) : nil
  }

  package struct Saved {
    let x: Matrix  // [n, groups·W]
    let statistics: Matrix  // [n, groups], for layer norms [n, 2·groups]
  }

  package func forward(_ x: Matrix, into y: Matrix, _ weights: ParameterBuffer, _ arena: Arena)
    -> Saved
  {
    let groups = x.columns / gain.columns
    switch kind {
    case .rmsNorm:
      let inverse = arena.matrix(x.rows, groups)
      let gain = weights[gain]
      arena.share(x.rows) { rows, _ in
        rmsNormForward(
          x[rows: rows], gain: gain, epsilon: epsilon, into: y[rows: rows],
          inverse: inverse[rows: rows])
      }
      return Saved(x: x, statistics: inverse)
    case .gainOnlyLayerNorm, .layerNorm:
      let statistics = arena.matrix(x.rows, 2 * groups)
      let (gain, bias) = (weights[gain], bias.map { weights[$0] })
      arena.share(x.rows) { rows, _ in
        layerNormForward(
          x[rows: rows], gain: gain, bias: bias, epsilon: epsilon, into: y[rows: rows],
          statistics: statistics[rows: rows])
      }
      return Saved(x: x, statistics: statistics)
    }
  }

  /// Writes y again, with the same bits.
  package func repeatForward(
    _ saved: Saved, into y: Matrix, _ weights: ParameterBuffer, _ arena: Arena
  ) {
    switch kind {
    case .rmsNorm:
      let gain = weights[gain]
      arena.share(y.rows) { rows, _ in
        rmsNormScale(
          saved.x[rows: rows], gain: gain, inverse: saved.statistics[rows: rows],
          into: y[rows: rows])
      }
    case .gainOnlyLayerNorm, .layerNorm:
      let (gain, bias) = (weights[gain], bias.map { weights[$0] })
      arena.share(y.rows) { rows, _ in
        layerNormScale(
          saved.x[rows: rows], gain: gain, bias: bias, statistics: saved.statistics[rows: rows],
          into: y[rows: rows])
      }
    }
  }

  /// Writes dx, or adds to it, and adds to `gradients`; dx may be dy.
  package func backward(
    _ dy: Matrix, _ saved: Saved, into dx: Matrix, accumulating: Bool = false,
    _ weights: ParameterBuffer, _ gradients: ParameterBuffer
  ) {
    switch kind {
    case .rmsNorm:
      rmsNormBackward(
        dy, x: saved.x, gain: weights[gain], inverse: saved.statistics, into: dx,
        accumulating: accumulating, addingTo: gradients[gain])
    case .gainOnlyLayerNorm, .layerNorm:
      layerNormBackward(
        dy, x: saved.x, gain: weights[gain], statistics: saved.statistics, into: dx,
        accumulating: accumulating, addingTo: gradients[gain], bias.map { gradients[$0] })
    }
  }
}
