import Dispatch
import Synchronization

/// What a step spends its time on.
public enum KernelClass: Int, CaseIterable, Sendable {
  /// products of the layers
  case linear
  /// softmax attention
  case attention
  /// logits, loss and their gradients
  case head
  case norm
  case rotary
  /// SwiGLU, GELU
  case activation
  /// sums of the residual stream, biases
  case residual
  case embedding
  /// sums of gradients, AdamW
  case optimizer
}

/// Time spent in each class of kernels, on all threads together, while it is switched on.
public enum KernelClock {
  private static let isOn = Atomic(false)
  private static let nanoseconds = Counters()

  private final class Counters: Sendable {
    let values = InlineArray<9, Atomic<UInt64>> { _ in Atomic(0) }
  }

  /// Seconds of each class that `body` spends. Only one measurement at a time.
  public static func measure(_ body: () -> Void) -> [KernelClass: Double] {
    for index in nanoseconds.values.indices {
      nanoseconds.values[index].store(0, ordering: .relaxed)
    }
    isOn.store(true, ordering: .sequentiallyConsistent)
    body()
    isOn.store(false, ordering: .sequentiallyConsistent)
    return Dictionary(
      uniqueKeysWithValues: KernelClass.allCases.map {
        ($0, 1e-9 * Double(nanoseconds.values[$0.rawValue].load(ordering: .relaxed)))
      })
  }

  /// The time, or zero while nothing is measured.
  @inline(__always)
  static func start() -> UInt64 {
    isOn.load(ordering: .relaxed) ? DispatchTime.now().uptimeNanoseconds : 0
  }

  /// Adds the time since `start` to `kernel`.
  @inline(__always)
  static func stop(_ kernel: KernelClass, since start: UInt64) {
    guard start != 0 else { return }
    nanoseconds.values[kernel.rawValue].add(
      DispatchTime.now().uptimeNanoseconds - start, ordering: .relaxed)
  }
}
