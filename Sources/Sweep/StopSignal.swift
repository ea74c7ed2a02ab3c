import Synchronization

/// Set once, when the user asks to stop; runs look at it between steps, save and leave.
public final class StopSignal: Sendable {
  private let flag = Atomic<Bool>(false)

  /// A signal that is not set.
  public init() {}

  /// Whether to stop.
  public var isSet: Bool { flag.load(ordering: .relaxed) }

  /// Asks everyone to stop.
  public func set() { flag.store(true, ordering: .relaxed) }
}
