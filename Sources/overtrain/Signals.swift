import Corpus
import Foundation
import Sweep
import Synchronization

/// SIGINT, SIGTERM and SIGHUP. Work that has something to save is asked to save it and leave; a second
/// signal leaves at once, and so does the first where there is nothing to save. Work that has not left
/// a few seconds after the first is left as a kill would leave it, which loses nothing but the time
/// since its last checkpoint.
enum Signals {
  private static let received = Atomic<Int32>(0)
  private static let milliseconds = Atomic<Int>(0)

  /// Set at the first signal.
  static let stop = StopSignal()

  /// 130 or 143 once a signal has come, nil before.
  static var exitCode: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }

  /// Catches the signals from now on: the program leaves at the first.
  static func install() {
    // Made now, for the handler itself may only load and store.
    guard !stop.isSet, exitCode == nil else { return }
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { number in
        if Signals.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
        Signals.stop.set()
      }
    }
    Thread.detachNewThread {
      while exitCode == nil { Thread.sleep(forTimeInterval: 0.05) }
      Thread.sleep(forTimeInterval: Double(milliseconds.load(ordering: .relaxed)) / 1000)
      Command.terminateAll()
      Terminal.note("overtrain: stopped; run the same command again to go on")
      _exit(exitCode ?? 1)
    }
  }

  /// From now on there is something to save, and 4 seconds to do it.
  static func letWorkBeSaved() { milliseconds.store(4000, ordering: .relaxed) }
}
