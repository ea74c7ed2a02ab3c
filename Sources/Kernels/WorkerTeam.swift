import Foundation
import Synchronization

/// Work that is done in shares side by side. Shares must not touch what another writes.
public protocol SharedWork: AnyObject {
  /// Does share `share` of `shares`.
  func work(share: Int, of shares: Int)
}

/// Threads that take a share of a step each. They are started when they are first needed, and a share
/// is handed out in about a microsecond and without a heap allocation: a helper waits in a short spin,
/// and sleeps when no work comes.
public final class WorkerTeam: Sendable {
  private let helpers: Mutex<[Helper]> = Mutex([])

  /// A team of one: the caller.
  public init() {}

  deinit {
    helpers.withLock { for helper in $0 { helper.leave() } }
  }

  /// Does all shares of `work` side by side, and returns when they are done: the caller takes the
  /// first. One thread uses a team at a time, and `work` does not use it.
  public func run(_ work: any SharedWork, shares: Int) {
    guard shares > 1 else { return work.work(share: 0, of: 1) }
    helpers.withLock { helpers in
      while helpers.count < shares - 1 { helpers.append(Helper(share: helpers.count + 1)) }
      for i in 0..<shares - 1 { helpers[i].begin(work, of: shares) }
      work.work(share: 0, of: shares)
      for i in 0..<shares - 1 { helpers[i].join() }
    }
  }
}

/// One thread beside the caller's.
private final class Helper: @unchecked Sendable {
  /// Looks at the ticket before going to sleep: about 0.1 ms, longer than most of what one does alone
  /// where workers share kernels.
  private static let spins = 50_000

  private let share: Int
  /// Shares handed out, and shares done: equal while the helper is idle.
  private let begun = Atomic(0)
  private let done = Atomic(0)
  private let isAsleep = Atomic(false)
  private let hasLeft = Atomic(false)
  private let alarm = DispatchSemaphore(value: 0)
  /// Written by the owner before `begun`, read by the helper after it.
  private var work: (any SharedWork)?
  private var shares = 0

  init(share: Int) {
    self.share = share
    let thread = Thread { [self] in loop() }
    thread.stackSize = 8 << 20
    thread.start()
  }

  func begin(_ work: any SharedWork, of shares: Int) {
    (self.work, self.shares) = (work, shares)
    begun.add(1, ordering: .sequentiallyConsistent)
    wake()
  }

  func join() {
    var spins = 0
    while done.load(ordering: .acquiring) != begun.load(ordering: .relaxed) {
      spins += 1
      if spins > Self.spins { sched_yield() }
    }
    work = nil
  }

  func leave() {
    hasLeft.store(true, ordering: .sequentiallyConsistent)
    wake()
  }

  private func wake() {
    if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { alarm.signal() }
  }

  private func loop() {
    var seen = 0
    while true {
      var spins = 0
      while begun.load(ordering: .sequentiallyConsistent) == seen {
        if hasLeft.load(ordering: .sequentiallyConsistent) { return }
        spins += 1
        guard spins > Self.spins else { continue }
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        if begun.load(ordering: .sequentiallyConsistent) == seen,
          !hasLeft.load(ordering: .sequentiallyConsistent)
        {
          alarm.wait()
        }
        isAsleep.store(false, ordering: .sequentiallyConsistent)
        spins = 0
      }
      seen += 1
      work?.work(share: share, of: shares)
      done.add(1, ordering: .releasing)
    }
  }
}
