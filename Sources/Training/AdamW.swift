import Dispatch
import Experiment
import Kernels

/// AdamW with decoupled, independent weight decay (Loshchilov & Hutter 2019) and clipping of the
/// global gradient norm. Works in fixed chunks, so the bits do not depend on the workers.
struct AdamW {
  /// Parameters that are updated by one call; all of them decay, or none.
  private struct Chunk {
    let range: Range<Int>
    let decays: Bool
  }

  let firstMoment: ParameterBuffer
  let secondMoment: ParameterBuffer
  private let config: TrainingConfig
  private let chunks: [Chunk]

  init(_ config: TrainingConfig, layout: ParameterLayout) {
    self.config = config
    firstMoment = ParameterBuffer(layout)
    secondMoment = ParameterBuffer(layout)
    chunks = AdamW.chunks(layout, config.decays)
  }

  /// Sums the slots' gradients into the first, in slot order.
  ///
  /// - Returns: the global L2 norm of the sum
  func sum(_ gradients: [ParameterBuffer], workers: Int) -> Double {
    let total = gradients[0]
    let partial = Partials(count: chunks.count)
    forEachChunk(workers) { index, chunk in
      for slot in gradients.dropFirst() { add(slot, into: total, range: chunk.range) }
      partial.set(index, sumOfSquares(total, range: chunk.range))
    }
    return partial.values.reduce(0, +).squareRoot()
  }

  /// Clips the gradient, whose global norm is `norm`, and updates the weights.
  ///
  /// - Parameter step: the number of this step, 0-based
  func update(
    _ weights: ParameterBuffer, with total: ParameterBuffer, norm: Double, step: Int, workers: Int
  ) {
    let clip = config.gradientClip
    let scale = clip > 0 && norm > clip ? clip / norm : 1
    let rate = config.learningRate(at: step)
    let decay =
      config.weightDecay * (config.peakLearningRate > 0 ? rate / config.peakLearningRate : 0)
    forEachChunk(workers) { _, chunk in
      adamWUpdate(
        weights: weights, gradients: total, firstMoment: firstMoment, secondMoment: secondMoment,
        range: chunk.range, learningRate: Float(rate), beta1: Float(config.beta1),
        beta2: Float(config.beta2), epsilon: Float(config.epsilon), step: step + 1,
        decay: chunk.decays ? Float(decay) : 0, gradientScale: Float(scale))
    }
  }

  private func forEachChunk(_ workers: Int, _ body: @Sendable (Int, Chunk) -> Void) {
    let chunks = self.chunks
    guard workers > 1, chunks.count > 1 else {
      for (index, chunk) in chunks.enumerated() { body(index, chunk) }
      return
    }
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      for index in stride(from: worker, to: chunks.count, by: workers) {
        body(index, chunks[index])
      }
    }
  }

  /// Neighbouring parameters of one decay group together, at most 2¹⁶ weights each.
  private static func chunks(
    _ layout: ParameterLayout, _ rule: TrainingConfig.DecayRule
  ) -> [Chunk] {
    var groups: [Chunk] = []
    for parameter in layout.parameters {
      let range = parameter.offset..<parameter.offset + parameter.rows * parameter.columns
      let decays = rule == .all || parameter.isMatrix
      if let last = groups.last, last.decays == decays, last.range.upperBound == range.lowerBound {
        groups[groups.count - 1] = Chunk(
          range: last.range.lowerBound..<range.upperBound, decays: decays)
      } else {
        groups.append(Chunk(range: range, decays: decays))
      }
    }
    return groups.flatMap { group in
      stride(from: group.range.lowerBound, to: group.range.upperBound, by: 1 << 16).map {
        Chunk(range: $0..<min($0 + 1 << 16, group.range.upperBound), decays: group.decays)
      }
    }
  }
}
