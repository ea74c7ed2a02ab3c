import Dispatch
import Foundation
import Sweep
import Synchronization

/// SIGINT and SIGTERM: the first asks the work to save and leave, a second one leaves at once.
enum Signals {
  private static let received = Atomic<Int32>(0)
  private static let sources = Mutex<[any DispatchSourceSignal]>([])

  /// 130 or 143 once a signal has come, nil before.
  static var exitCode: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }

  /// Sets `stop` at the first signal.
  static func set(_ stop: StopSignal) {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        guard received.exchange(number, ordering: .relaxed) == 0 else { exit(128 + number) }
        Terminal.note("stopping: saving checkpoints (again to leave at once)")
        stop.set()
      }
      source.resume()
      sources.withLock { $0.append(source) }
    }
  }
}
