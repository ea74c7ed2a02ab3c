import Corpus
import Dispatch
import Experiment
import Foundation
import Kernels
import Model
import Synchronization

extension BenchCommand {
  /// Tokens per second that evaluation scores, forward only, on `workers` threads.
  static func evaluationRate(
    _ model: any LanguageModel, _ weights: ParameterBuffer, _ tokens: TokenSequence, workers: Int,
    seconds: Double
  ) -> Double {
    let length = model.config.contextLength
    var text = [Int32](repeating: 0, count: 1024 / length * length + 1)
    tokens.copy(from: 0, count: text.count, into: &text, at: 0)
    let windows = stride(from: 0, to: text.count - 1, by: length).map { start in
      TextTree(
        stem: [],
        branches: [
          .init(
            inputs: Array(text[start..<start + length]),
            targets: Array(text[start + 1...start + length]))
        ])
    }
    let scored = Mutex(0)
    let start = ContinuousClock.now
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      let arena = Arena()
      while ContinuousClock.now - start < .seconds(seconds) {
        let count = model.scores(windows[...], weights, arena).count
        scored.withLock { $0 += count }
      }
    }
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    return Double(scored.withLock { $0 }) / elapsed
  }
}
