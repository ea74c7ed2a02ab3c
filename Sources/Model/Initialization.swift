import Experiment
import Foundation
import Kernels

extension LanguageModel {
  /// Draws every weight from the distribution that its layer declared. Each parameter has a stream
  /// of its own, named after it, so that one more layer leaves the others' numbers as they are.
  public func initialize(_ weights: ParameterBuffer, seed: UInt64) {
    for parameter in layout.parameters {
      var source = NormalSource(seed: Seeds.derive(seed, parameter.name))
      let values: [Float] =
        switch parameter.start {
        case .zeros: Array(repeating: 0, count: parameter.count)
        case .ones: Array(repeating: 1, count: parameter.count)
        case .normal(let deviation):
          (0..<parameter.count).map { _ in deviation * Float(source.next()) }
        case .truncatedNormal(let deviation):
          (0..<parameter.count).map { _ in deviation * Float(source.next(within: 3)) }
        }
      weights.set(parameter, values)
    }
  }
}

extension ModelConfig {
  /// The start of a weight with `inputs` inputs.
  ///
  /// Llama family, as open_lm: truncated normal with deviation 1/√inputs, cut at three; what writes
  /// to the residual stream is divided by √(2(l + 1)) in layer l. GPT-2 family: normal with
  /// deviation 0.02; what writes to the residual stream is divided by √(2·layers).
  func start(inputs: Int, residualOfLayer layer: Int? = nil) -> Parameter.Start {
    switch family {
    case .llama:
      let depth = layer.map { Double(2 * ($0 + 1)) } ?? 1
      return .truncatedNormal(deviation: Float(1 / (Double(inputs) * depth).squareRoot()))
    case .gpt2:
      let depth = layer == nil ? 1 : Double(2 * layers)
      return .normal(deviation: Float(0.02 / depth.squareRoot()))
    }
  }
}

/// Normal numbers by the method of Box and Muller.
private struct NormalSource {
  private var uniform: RandomSource
  private var spare: Double?

  init(seed: UInt64) { uniform = RandomSource(seed: seed) }

  mutating func next() -> Double {
    if let value = spare {
      spare = nil
      return value
    }
    let radius = (-2 * log(1 - uniform.uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform.uniform()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }

  /// Draws again until the number is within `bound` of 0.
  mutating func next(within bound: Double) -> Double {
    while true {
      let value = next()
      if abs(value) <= bound { return value }
    }
  }
}
