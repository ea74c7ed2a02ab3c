import Experiment
import Foundation
import Kernels
import Synchronization

/// The results of `body` for 0..<count, computed on `workers` threads with an arena each.
///
/// - Parameters:
///   - what: what is being evaluated, for the error
///   - shouldStop: polled before each
/// - Throws: `UserError` of kind `interrupted` when `shouldStop` says so.
func concurrently<Result: Sendable>(
  _ count: Int, workers: Int, evaluating what: String, shouldStop: @Sendable () -> Bool,
  _ body: @Sendable (Int, Arena) -> Result
) throws(UserError) -> [Result] {
  let results = Mutex([Result?](repeating: nil, count: count))
  let next = Atomic(0)
  let stopped = Atomic(false)
  DispatchQueue.concurrentPerform(iterations: max(1, min(workers, count))) { _ in
    let arena = Arena()
    while !stopped.load(ordering: .relaxed) {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      guard !shouldStop() else { return stopped.store(true, ordering: .relaxed) }
      let result = body(index, arena)
      results.withLock { $0[index] = result }
    }
  }
  guard !stopped.load(ordering: .relaxed) else {
    throw UserError(
      .interrupted, "stopped while evaluating \(what)",
      fix: "run the same command again; the evaluation starts over, training does not")
  }
  return results.withLock { $0.compactMap(\.self) }
}
