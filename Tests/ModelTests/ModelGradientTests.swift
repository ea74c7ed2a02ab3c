import Experiment
import Kernels
import Model
import Testing

/// Whole models: the gradient of every parameter, through the loss.
@Suite struct ModelGradientTests {
  @Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7])
  func everyParameter(_ index: Int) throws {
    let config = try variety()[index]
    let model = config.build()
    let (weights, gradients) = (ParameterBuffer(model.layout), ParameterBuffer(model.layout))
    let (arena, ignored) = (Arena(), ParameterBuffer(model.layout))
    for (i, parameter) in model.layout.parameters.enumerated() {
      let values = noise(parameter.rows, parameter.columns, seed: i, scale: 0.5).values
      weights.set(parameter, parameter.isMatrix ? values : values.map { $0 + 0.8 })
    }
    let batch = batch(config, sequences: 2, positions: 9)
    let (scale, zLoss): (Float, Float) = (1, 0.01)
    func loss() -> Double {
      let sum = model.backpropagate(
        batch, weights, addingTo: ignored, scale: scale, zLoss: zLoss, arena)
      return Double(scale) * (sum.crossEntropy + Double(zLoss) * sum.squaredLogSumExp)
    }
    _ = model.backpropagate(
      batch, weights, addingTo: gradients, scale: scale, zLoss: zLoss, arena)
    for parameter in model.layout.parameters {
      checkGradient(
        of: weights[parameter], gradients.values(of: parameter), named: parameter.name,
        tolerance: 2e-3, floor: 0.25, step: 1.5e-2, loss: loss)
    }
  }
}
