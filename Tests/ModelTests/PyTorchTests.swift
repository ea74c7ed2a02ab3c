import Experiment
import Foundation
import Kernels
import Model
import Testing

/// Ten AdamW steps of three tiny models against PyTorch (Fixtures/make_fixtures.py).
///
/// Losses agree to 1e-4 relative; gradients and final weights to 1e-4 of the largest element of
/// their tensor. A bias of keys that are not rotated has no gradient but rounding, which Adam blows
/// up to whole steps: its gradient must vanish against the norm of all, its weights do not matter.
@Suite struct PyTorchTests {
  private struct Fixture: Decodable {
    struct Named: Decodable {
      let name: String
      let shape: [Int]
    }
    struct Step: Decodable {
      let inputs: [Int32]
      let targets: [Int32]
      let learningRate: Double
      let crossEntropy: Double
      let loss: Double
      let gradientNorm: Double
      let gradients: Data
    }
    let config: ModelConfig
    let peakLearningRate: Double
    let beta1: Float
    let beta2: Float
    let epsilon: Float
    let weightDecay: Double
    let gradientClip: Double
    let zLoss: Double
    let parameters: [Named]
    let weights: Data
    let steps: [Step]
    let finalWeights: Data
  }

  private let tolerance = 1e-4

  @Test(arguments: ["llama", "open_lm", "gpt2"])
  func tenSteps(_ name: String) throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Fixtures/\(name).json")
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    let model = fixture.config.build()
    let layout = model.layout
    #expect(layout.parameters.map(\.name) == fixture.parameters.map(\.name))
    #expect(layout.parameters.map(\.shape) == fixture.parameters.map(\.shape))

    let (weights, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
    let (first, second) = (ParameterBuffer(layout), ParameterBuffer(layout))
    let (expected, arena) = (ParameterBuffer(layout), Arena())
    weights.load(fixture.weights)
    for (index, step) in fixture.steps.enumerated() {
      let positions = fixture.config.contextLength
      var batch = TokenBatch(sequences: step.inputs.count / positions, positions: positions)
      batch.inputs = step.inputs
      batch.targets = step.targets
      let scored = step.targets.count { $0 >= 0 }

      gradients.fill(0)
      let sum = model.backpropagate(
        batch, weights, addingTo: gradients, scale: 1 / Float(scored), zLoss: Float(fixture.zLoss),
        arena)
      #expect(sum.tokens == scored)
      let crossEntropy = sum.crossEntropy / Double(scored)
      let loss = crossEntropy + fixture.zLoss * sum.squaredLogSumExp / Double(scored)
      #expect(abs(crossEntropy / step.crossEntropy - 1) < tolerance)
      #expect(abs(loss / step.loss - 1) < tolerance)
      expected.load(step.gradients)
      compare(
        gradients, expected, floor: 1e-3 * step.gradientNorm, "gradient of step \(index)")

      let norm = sumOfSquares(gradients, range: 0..<layout.count).squareRoot()
      #expect(abs(norm / step.gradientNorm - 1) < tolerance)
      let clip = min(1, fixture.gradientClip / (norm + 1e-6))
      for parameter in layout.parameters {
        let share = step.learningRate / fixture.peakLearningRate
        adamWUpdate(
          weights: weights, gradients: gradients, firstMoment: first, secondMoment: second,
          range: parameter.range, learningRate: Float(step.learningRate), beta1: fixture.beta1,
          beta2: fixture.beta2, epsilon: fixture.epsilon, step: index + 1,
          decay: parameter.isMatrix ? Float(fixture.weightDecay * share) : 0,
          gradientScale: Float(clip))
      }
    }
    expected.load(fixture.finalWeights)
    for parameter in layout.parameters
    where name == "gpt2" && parameter.name.hasSuffix("k_proj.bias") {
      weights.set(parameter, expected.values(of: parameter))
    }
    compare(weights, expected, floor: 0, "final weights")
  }

  private func compare(
    _ ours: ParameterBuffer, _ theirs: ParameterBuffer, floor: Double, _ what: String
  ) {
    for parameter in ours.layout.parameters {
      let (a, b) = (ours.values(of: parameter), theirs.values(of: parameter))
      let scale = max(floor, Double(b.map(abs).max() ?? 0))
      let error = Double(zip(a, b).map { abs($0 - $1) }.max() ?? 0)
      #expect(
        error <= tolerance * scale,
        "\(what), \(parameter.name): off by \(error / scale) of the largest")
    }
  }
}
