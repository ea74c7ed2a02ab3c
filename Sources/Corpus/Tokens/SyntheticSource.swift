import Experiment
import Foundation

/// Text from a Markov chain: like real text in that the next symbol depends on those before it,
/// unlike it in that its entropy is known exactly. For tests of the irreducible loss E and for use
/// without any data.
///
/// A context of `order` symbols has a distribution of the next symbol, p ∝ e^{2z}, z standard
/// normal by seed: some contexts are nearly certain, others open, as in text.
public struct SyntheticSource: Sendable {
  /// Nats per byte of an endless document: Σ_c π(c) H(p(·|c)), π the stationary distribution.
  public let entropyRate: Double

  private static let alphabet = Array(
    " etaoinshrdlcumwfgypbvkjxqzETAOINSHRDLCUMWFGYPBVKJXQZ0123456789".utf8)
  private let symbols: Int
  private let contexts: Int
  /// p(symbol | context) summed over symbols up to and with each [contexts, symbols].
  private let cumulative: [Double]
  private let stationary: [Double]  // cumulative, too

  /// - Parameters:
  ///   - seed: decides the chain
  ///   - symbols: size of the alphabet (space, letters, digits), 2…63
  ///   - order: how many symbols the next one depends on
  public init(seed: UInt64, symbols: Int = 27, order: Int = 2) {
    precondition((2...SyntheticSource.alphabet.count).contains(symbols), "2 to 63 symbols")
    precondition(order >= 0, "negative order")
    let contexts = (0..<order).reduce(1) { count, _ in count * symbols }
    precondition(contexts * symbols <= 1 << 24, "more than 2²⁴ transitions")
    var random = RandomSource(seed: seed)
    var probabilities = [Double](repeating: 0, count: contexts * symbols)
    for context in 0..<contexts {
      let row = context * symbols..<(context + 1) * symbols
      for index in row { probabilities[index] = exp(2 * random.normal()) }
      let total = probabilities[row].reduce(0, +)
      for index in row { probabilities[index] /= total }
    }
    let stationary = SyntheticSource.stationary(probabilities, contexts, symbols)
    var entropyRate = 0.0
    var cumulative = probabilities
    for context in 0..<contexts {
      var sum = 0.0
      for index in context * symbols..<(context + 1) * symbols {
        let p = probabilities[index]
        if p > 0 { entropyRate -= stationary[context] * p * log(p) }
        sum += p
        cumulative[index] = sum
      }
    }
    var sum = 0.0
    self.stationary = stationary.map {
      sum += $0
      return sum
    }
    self.symbols = symbols
    self.contexts = contexts
    self.cumulative = cumulative
    self.entropyRate = entropyRate
  }

  /// Documents of `documentBytes` each (the last may be shorter), `bytes` in all. Each starts as if
  /// cut from an endless text.
  public func documents(
    bytes: Int, seed: UInt64, documentBytes: Int = 8192
  ) -> some Sequence<[UInt8]> {
    precondition(documentBytes > 0, "documents need bytes")
    return stride(from: 0, to: bytes, by: documentBytes).lazy.map { start in
      document(min(documentBytes, bytes - start), seed: Seeds.derive(seed, "document \(start)"))
    }
  }

  private func document(_ bytes: Int, seed: UInt64) -> [UInt8] {
    var random = RandomSource(seed: seed)
    var context = SyntheticSource.draw(stationary[...], &random)
    return (0..<bytes).map { _ in
      let row = cumulative[context * symbols..<(context + 1) * symbols]
      let symbol = SyntheticSource.draw(row, &random)
      context = (context * symbols + symbol) % contexts
      return SyntheticSource.alphabet[symbol]
    }
  }

  /// The first index whose cumulative probability is above a uniform number.
  private static func draw(_ cumulative: ArraySlice<Double>, _ random: inout RandomSource) -> Int {
    let u = random.uniform()
    var (low, high) = (cumulative.startIndex, cumulative.endIndex - 1)
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] > u { high = middle } else { low = middle + 1 }
    }
    return low - cumulative.startIndex
  }

  /// The distribution of contexts in a long text, by power iteration.
  private static func stationary(
    _ probabilities: [Double], _ contexts: Int, _ symbols: Int
  ) -> [Double] {
    var distribution = [Double](repeating: 1 / Double(contexts), count: contexts)
    for _ in 0..<1000 {
      var next = [Double](repeating: 0, count: contexts)
      for context in 0..<contexts {
        for symbol in 0..<symbols {
          next[(context * symbols + symbol) % contexts] +=
            distribution[context] * probabilities[context * symbols + symbol]
        }
      }
      let change = zip(next, distribution).reduce(0) { $0 + abs($1.0 - $1.1) }
      distribution = next
      if change < 1e-14 { break }
    }
    return distribution
  }
}

extension RandomSource {
  /// A standard normal number (Box & Muller 1958).
  fileprivate mutating func normal() -> Double {
    sqrt(-2 * log(1 - uniform())) * cos(2 * .pi * uniform())
  }
}
