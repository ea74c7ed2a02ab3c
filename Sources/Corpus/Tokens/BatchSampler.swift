import Experiment

/// Which tokens are trained on when: every window of T tokens once an epoch, in an order by seed
/// and epoch, without replacement.
///
/// Window w holds tokens wT ..< wT + T as inputs and the same shifted by one as targets; what does
/// not fill a window at the end is left out. Sequence i of a run is window
/// `permutation[i / n][i mod n]` of n, so the position of a run is one number.
public struct BatchSampler: Sendable {
  /// Windows in the tokens: n.
  public let sequencesPerEpoch: Int
  private let contextLength: Int
  private let seed: UInt64

  /// - Parameters:
  ///   - tokenCount: tokens to draw from; more than `contextLength`
  ///   - contextLength: T
  ///   - seed: decides the order
  public init(tokenCount: Int, contextLength: Int, seed: UInt64) {
    precondition(contextLength > 0, "a window needs a token")
    precondition(tokenCount > contextLength, "fewer tokens than one window and its last target")
    sequencesPerEpoch = (tokenCount - 1) / contextLength
    self.contextLength = contextLength
    self.seed = seed
  }

  /// The window that is sequence `index` of the run.
  public func window(ofSequence index: Int) -> Int {
    let (epoch, position) = index.quotientAndRemainder(dividingBy: sequencesPerEpoch)
    return IndexPermutation(count: sequencesPerEpoch, seed: seed, epoch: epoch)[position]
  }

  /// Fills `batch` with sequences `first`, `first + 1`, … of the run.
  public func fill(_ batch: inout TokenBatch, from tokens: TokenSequence, sequence first: Int) {
    precondition(batch.positions == contextLength, "batch of another context length")
    let length = contextLength
    for row in 0..<batch.sequences {
      let start = window(ofSequence: first + row) * length
      tokens.copy(from: start, count: length, into: &batch.inputs, at: row * length)
      tokens.copy(from: start + 1, count: length, into: &batch.targets, at: row * length)
    }
  }

  /// How many different tokens the first `tokens` trained tokens are.
  public func uniqueTokens(for tokens: Int) -> Int {
    min(tokens, sequencesPerEpoch * contextLength)
  }
}
