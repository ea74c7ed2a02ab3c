import Foundation
import Sweep
import Synchronization

/// SIGINT and SIGTERM: the first asks the work to save and leave, a second one leaves at once.
enum Signals {
  private static let received = Atomic<Int32>(0)

  /// Set at the first signal.
  static let stop = StopSignal()

  /// 130 or 143 once a signal has come, nil before.
  static var exitCode: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }

  /// Catches the signals from now on.
  static func install() {
    // Made now, for the handler itself may only load and store.
    guard !stop.isSet, exitCode == nil else { return }
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if Signals.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
        Signals.stop.set()
      }
    }
  }
}
