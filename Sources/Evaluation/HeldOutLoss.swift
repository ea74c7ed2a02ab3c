import Corpus
import Experiment
import Foundation
import Kernels
import Model

/// The windows of a validation set that every run is measured on, and the loss on them.
///
/// A window is `positions` tokens with the token after each. Windows do not overlap; when the set
/// has more than are wanted, they are taken evenly over it, so that runs are compared on the same
/// tokens, whatever the order of the documents.
struct HeldOutLoss: Sendable {
  let set: String
  let inDistribution: Bool
  /// T
  let positions: Int
  /// Where each window starts in `tokens`.
  let starts: [Int]
  let tokens: TokenSequence

  /// - Throws: `UserError` of kind `badData` for a set that is shorter than one window.
  init(
    _ set: CorpusManifest.TokenSet, tokens: TokenSequence, atMost limit: Int, positions: Int
  ) throws(UserError) {
    let available = (tokens.count - 1) / positions
    guard available > 0 else {
      throw UserError(
        .badData, "the set has \(tokens.count) tokens, fewer than one sequence of \(positions) + 1",
        at: "set \(set.name)", fix: "give it more text, or use a shorter contextLength")
    }
    let count = min(available, max(1, limit / positions))
    self.set = set.name
    inDistribution = set.purpose == .validation
    self.positions = positions
    starts = (0..<count).map { $0 * available / count * positions }
    self.tokens = tokens
  }

  /// Mean loss over all windows with its bootstrap interval, and bits per byte of their targets.
  ///
  /// - Parameters:
  ///   - byteCounts: UTF-8 bytes of every token id
  ///   - batchTokens: about how many tokens go through the model at once
  ///   - seed: of the bootstrap
  func measure(
    _ model: any LanguageModel, _ weights: ParameterBuffer, byteCounts: [Int],
    batchTokens: Int = 4096, seed: UInt64, _ arena: Arena, shouldStop: () -> Bool
  ) throws(UserError) -> ValidationLoss {
    let perBatch = max(1, batchTokens / positions)
    var window = Array(repeating: Int32(0), count: positions + 1)
    var means: [Double] = []
    means.reserveCapacity(starts.count)
    var bytes = 0
    for first in stride(from: 0, to: starts.count, by: perBatch) {
      if shouldStop() { throw UserError.evaluationStopped("set \(set)") }
      let sequences = min(perBatch, starts.count - first)
      var batch = TokenBatch(sequences: sequences, positions: positions)
      for b in 0..<sequences {
        tokens.copy(from: starts[first + b], count: positions + 1, into: &window, at: 0)
        for t in 0..<positions {
          batch.inputs[b * positions + t] = window[t]
          batch.targets[b * positions + t] = window[t + 1]
          bytes += byteCounts[Int(window[t + 1])]
        }
      }
      var losses = [Float](repeating: 0, count: batch.count)
      model.tokenLosses(batch, weights, into: &losses, arena)
      for b in 0..<sequences {
        var sum = 0.0
        for t in 0..<positions { sum += Double(losses[b * positions + t]) }
        means.append(sum / Double(positions))
      }
    }
    let loss = means.reduce(0, +) / Double(means.count)
    let scored = means.count * positions
    let interval = bootstrapInterval(ofMean: means, seed: seed)
    return ValidationLoss(
      set: set, inDistribution: inDistribution, loss: loss, low: interval.low, high: interval.high,
      bitsPerByte: loss * Double(scored) / (M_LN2 * Double(max(1, bytes))), tokens: scored,
      bytes: bytes, sequences: means.count)
  }
}
