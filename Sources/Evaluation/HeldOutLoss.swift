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

  /// - Parameter foreign: name of the corpus that the set is of, if it is another than the model's
  /// - Throws: `UserError` of kind `badData` for a set that is shorter than one window.
  init(
    _ set: CorpusManifest.TokenSet, tokens: TokenSequence, atMost limit: Int, positions: Int,
    foreign: String? = nil
  ) throws(UserError) {
    let available = (tokens.count - 1) / positions
    guard available > 0 else {
      throw UserError(
        .badData, "the set has \(tokens.count) tokens, fewer than one sequence of \(positions) + 1",
        at: "set \(set.name)", fix: "give it more text, or use a shorter contextLength")
    }
    let count = min(available, max(1, limit / positions))
    self.set = foreign ?? set.name
    inDistribution = foreign == nil && set.purpose == .validation
    self.positions = positions
    starts = (0..<count).map { $0 * available / count * positions }
    self.tokens = tokens
  }

  /// Mean loss over all windows with its bootstrap interval, and bits per byte of their targets.
  ///
  /// - Parameters:
  ///   - byteCounts: UTF-8 bytes of every token id
  ///   - frequencies: what to sort losses by, beside positions; nil for neither
  ///   - batchTokens: about how many tokens go through the model at once
  ///   - workers: threads; the bits do not depend on them
  ///   - seed: of the bootstrap
  func measure(
    _ model: any LanguageModel, _ weights: ParameterBuffer, byteCounts: [Int],
    frequencies: TokenFrequencies? = nil, batchTokens: Int = 1024, workers: Int = 1, seed: UInt64,
    shouldStop: @Sendable () -> Bool
  ) throws(UserError) -> (loss: ValidationLoss, detail: LossDetail?) {
    let perBatch = max(1, batchTokens / positions)
    let batches = (starts.count + perBatch - 1) / perBatch
    let parts = try concurrently(
      batches, workers: workers, evaluating: "set \(set)", shouldStop: shouldStop
    ) { index, arena in
      let windows = starts[index * perBatch..<min(starts.count, (index + 1) * perBatch)].map(tree)
      let losses = model.scores(windows[...], weights, arena).map { Double($0.loss) }
      var part = Part(detail: frequencies.map { _ in LossDetail(set: set, positions: positions) })
      for (window, first) in zip(windows, stride(from: 0, to: losses.count, by: positions)) {
        let losses = losses[first..<first + positions]
        part.means.append(losses.reduce(0, +) / Double(positions))
        for target in window.branches[0].targets { part.bytes += byteCounts[Int(target)] }
        if let frequencies {
          part.detail?.add(losses, targets: window.branches[0].targets, frequencies)
        }
      }
      return part
    }
    let means = parts.flatMap(\.means)
    let bytes = parts.reduce(0) { $0 + $1.bytes }
    let loss = means.reduce(0, +) / Double(means.count)
    let scored = means.count * positions
    let interval = bootstrapInterval(ofMean: means, seed: seed)
    let result = ValidationLoss(
      set: set, inDistribution: inDistribution, loss: loss, low: interval.low, high: interval.high,
      bitsPerByte: loss * Double(scored) / (M_LN2 * Double(max(1, bytes))), tokens: scored,
      bytes: bytes, sequences: means.count)
    let details = parts.compactMap(\.detail)
    return (result, details.first.map { details.dropFirst().reduce($0, +) })
  }

  /// What a batch of windows adds.
  private struct Part: Sendable {
    var means: [Double] = []
    var bytes = 0
    var detail: LossDetail?
  }

  /// The window that starts at `start`.
  private func tree(_ start: Int) -> TextTree {
    var window = Array(repeating: Int32(0), count: positions + 1)
    tokens.copy(from: start, count: positions + 1, into: &window, at: 0)
    return TextTree(
      stem: [], branches: [.init(inputs: Array(window.dropLast()), targets: Array(window[1...]))])
  }
}
