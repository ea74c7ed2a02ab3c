import Experiment
import Kernels
import Synchronization

/// AdamW with decoupled, independent weight decay (Loshchilov & Hutter 2019) and clipping of the
/// global gradient norm. Works in fixed chunks, so the bits do not depend on the workers.
final class AdamW {
  /// Parameters that are updated by one call; all of them decay, or none.
  private struct Chunk {
    let range: Range<Int>
    let decays: Bool
  }

  /// What is being done to every chunk.
  private enum Pass {
    case sum([ParameterBuffer])
    case update(ParameterBuffer, with: ParameterBuffer, norm: Double, step: Int)
  }

  let firstMoment: ParameterBuffer
  let secondMoment: ParameterBuffer
  private let config: TrainingConfig
  private let chunks: [Chunk]
  private let partials: Partials
  private let team: WorkerTeam
  private var pass = Pass.sum([])

  /// - Parameter team: shares the work
  init(_ config: TrainingConfig, layout: ParameterLayout, team: WorkerTeam) {
    self.config = config
    firstMoment = ParameterBuffer(layout)
    secondMoment = ParameterBuffer(layout)
    chunks = AdamW.chunks(layout, config.decays)
    partials = Partials(count: chunks.count)
    self.team = team
  }

  /// Sums the slots' gradients into the first, in slot order.
  ///
  /// - Returns: the global L2 norm of the sum
  func sum(_ gradients: [ParameterBuffer], workers: Int) -> Double {
    pass = .sum(gradients)
    team.run(self, shares: min(workers, mostShares))
    return partials.sum.squareRoot()
  }

  /// Clips the gradient, whose global norm is `norm`, and updates the weights.
  ///
  /// - Parameter step: the number of this step, 0-based
  func update(
    _ weights: ParameterBuffer, with total: ParameterBuffer, norm: Double, step: Int, workers: Int
  ) {
    pass = .update(weights, with: total, norm: norm, step: step)
    team.run(self, shares: min(workers, mostShares))
  }

  /// Fewer weights each are not worth the way into another core's cache.
  private var mostShares: Int { max(1, firstMoment.count >> 16) }

  private func sum(_ gradients: [ParameterBuffer], _ index: Int) {
    let (total, range) = (gradients[0], chunks[index].range)
    for slot in gradients.dropFirst() { add(slot, into: total, range: range) }
    partials.set(index, sumOfSquares(total, range: range))
  }

  private func update(
    _ weights: ParameterBuffer, with total: ParameterBuffer, norm: Double, step: Int, _ chunk: Chunk
  ) {
    let clip = config.gradientClip
    let scale = clip > 0 && norm > clip ? clip / norm : 1
    let rate = config.learningRate(at: step)
    let decay =
      config.weightDecay * (config.peakLearningRate > 0 ? rate / config.peakLearningRate : 0)
    adamWUpdate(
      weights: weights, gradients: total, firstMoment: firstMoment, secondMoment: secondMoment,
      range: chunk.range, learningRate: Float(rate), beta1: Float(config.beta1),
      beta2: Float(config.beta2), epsilon: Float(config.epsilon), step: step + 1,
      decay: chunk.decays ? Float(decay) : 0, gradientScale: Float(scale))
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

extension AdamW: SharedWork {
  func work(share: Int, of shares: Int) {
    for index in stride(from: share, to: chunks.count, by: shares) {
      switch pass {
      case .sum(let gradients):
        sum(gradients, index)
      case .update(let weights, let total, let norm, let step):
        update(weights, with: total, norm: norm, step: step, chunks[index])
      }
    }
  }
}

/// One number per chunk, written by several threads.
private final class Partials: Sendable {
  private let storage: Mutex<[Double]>

  init(count: Int) { storage = Mutex(Array(repeating: 0, count: count)) }

  /// Their sum, in order.
  var sum: Double { storage.withLock { $0.reduce(0, +) } }

  func set(_ index: Int, _ value: Double) { storage.withLock { $0[index] = value } }
}
