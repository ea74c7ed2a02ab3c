import Synchronization

/// The machine's cores, shared by the runs of a sweep. Every run holds one; a run may borrow idle
/// ones for a step, since its bits do not depend on how many it has.
public final class Cores: Sendable {
  private let idle: Mutex<Int>

  /// `count` cores, all idle.
  public init(_ count: Int) { idle = Mutex(count) }

  /// Takes up to `wanted` idle cores.
  ///
  /// - Returns: how many were taken
  func take(upTo wanted: Int) -> Int {
    idle.withLock { idle in
      let taken = max(0, min(wanted, idle))
      idle -= taken
      return taken
    }
  }

  /// Gives back `count` cores.
  func give(_ count: Int) { idle.withLock { $0 += count } }
}
