import Corpus
import Experiment
import Foundation
import Testing

struct SyntheticSourceTests {
  /// Nats per symbol of an order-1 chain, estimated from pairs counted in its own text.
  @Test func hasTheEntropyRateThatItStates() {
    let source = SyntheticSource(seed: 11, symbols: 8, order: 1)
    var pairs: [UInt16: Double] = [:]
    var firsts: [UInt8: Double] = [:]
    for document in source.documents(bytes: 2_000_000, seed: 1) {
      for (first, second) in zip(document, document.dropFirst()) {
        pairs[UInt16(first) << 8 | UInt16(second), default: 0] += 1
        firsts[first, default: 0] += 1
      }
    }
    let total = firsts.values.reduce(0, +)
    let measured = pairs.reduce(0) { sum, pair in
      sum - pair.value / total * log(pair.value / (firsts[UInt8(pair.key >> 8)] ?? 0))
    }
    #expect(abs(measured - source.entropyRate) < 0.004)
    #expect(source.entropyRate > 0.5 && source.entropyRate < log(8))
  }

  @Test func startsFromTheStationaryDistribution() {
    // First symbols of many documents are distributed as later ones.
    let source = SyntheticSource(seed: 2, symbols: 4, order: 2)
    var early = [UInt8: Double]()
    var late = [UInt8: Double]()
    for document in source.documents(bytes: 400_000, seed: 9, documentBytes: 40) {
      early[document[0], default: 0] += 1e-4
      late[document[39], default: 0] += 1e-4
    }
    for (symbol, share) in late { #expect(abs((early[symbol] ?? 0) - share) < 0.03) }
  }

  @Test func isPrintableAndRepeatable() {
    let source = SyntheticSource(seed: 5)
    let documents = Array(source.documents(bytes: 20_000, seed: 3))
    #expect(documents.map(\.count) == [8192, 8192, 3616])
    #expect(documents == Array(SyntheticSource(seed: 5).documents(bytes: 20_000, seed: 3)))
    #expect(documents != Array(source.documents(bytes: 20_000, seed: 4)))
    #expect(source.entropyRate != SyntheticSource(seed: 6).entropyRate)
    #expect(
      documents.joined().allSatisfy {
        $0 == UInt8(ascii: " ") || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z"))
      })
    // No memory at all: independent symbols.
    #expect(SyntheticSource(seed: 5, symbols: 2, order: 0).entropyRate <= log(2))
  }
}
