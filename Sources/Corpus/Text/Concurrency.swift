import Dispatch
import Synchronization

/// `body` of each index, on all cores, in order.
func concurrentMap<Value: Sendable>(
  _ count: Int, _ body: @Sendable (Int) -> Value
) -> [Value] {
  let results = Mutex<[Int: Value]>([:])
  DispatchQueue.concurrentPerform(iterations: count) { i in
    let value = body(i)
    results.withLock { $0[i] = value }
  }
  return results.withLock { found in (0..<count).compactMap { found[$0] } }
}

/// Cuts `0..<count` into pieces enough for all cores.
func concurrentPieces(_ count: Int, pieces: Int = 16) -> [Range<Int>] {
  let size = max(1, (count + pieces - 1) / pieces)
  return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
}
