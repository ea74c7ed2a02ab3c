import Foundation
import Sweep
import Synchronization

/// stderr: notes, errors, and one line of progress that is redrawn on a terminal and printed every
/// few seconds elsewhere.
enum Terminal {
  private static let line = Mutex("")
  static let isInteractive = isatty(FileHandle.standardError.fileDescriptor) == 1

  /// A line that stays.
  static func note(_ text: String) {
    line.withLock { line in
      write(line.isEmpty ? "\(text)\n" : "\r\u{1b}[K\(text)\n\(line)")
    }
  }

  /// An error in the form `overtrain: what`.
  static func error(_ text: String) { note("overtrain: \(text)") }

  /// Replaces the progress line; an empty one removes it.
  static func progress(_ text: String) {
    line.withLock { line in
      guard isInteractive else { return }
      line = text
      write("\r\u{1b}[K\(text)")
    }
  }

  private static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}

/// Shows a sweep's progress until it is stopped: share done, runs, time left.
final class SweepDisplay: Sendable {
  private let ended = StopSignal()

  init(_ progress: SweepProgress) {
    let ended = ended
    Thread.detachNewThread {
      let start = ContinuousClock.now
      let period = Terminal.isInteractive ? 0.25 : 10
      while !ended.isSet {
        Thread.sleep(forTimeInterval: period)
        if ended.isSet { break }
        let text = Self.line(progress.snapshot, elapsed: ContinuousClock.now - start)
        if Terminal.isInteractive { Terminal.progress(text) } else { Terminal.note(text) }
      }
    }
  }

  func end() {
    ended.set()
    Terminal.progress("")
  }

  private static func line(_ now: SweepProgress.Snapshot, elapsed: Duration) -> String {
    let share = now.totalFLOPs > 0 ? now.doneFLOPs / now.totalFLOPs : 0
    let seconds = elapsed / .seconds(1)
    let rate = now.doneFLOPs / max(seconds, 1e-9)
    let left = rate > 0 ? duration((now.totalFLOPs - now.doneFLOPs) / rate) : "…"
    let width = 24
    let filled = Int(share * Double(width))
    let bar =
      Terminal.isInteractive
      ? String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled) + " "
      : ""
    let active = now.active.map { "\($0.label) \(Int(100 * $0.share)) %" }.joined(separator: ", ")
    return "\(bar)\(Int(100 * share)) %  \(now.ended)/\(now.runs) runs  "
      + String(format: "%.0f GFLOP/s", rate / 1e9) + "  \(left) left  \(active)"
  }
}

/// Seconds as people say them: `41 s`, `3 min 20 s`, `2 h 5 min`.
func duration(_ seconds: Double) -> String {
  let s = Int(seconds.rounded())
  if s < 60 { return "\(s) s" }
  if s < 3600 { return "\(s / 60) min \(s % 60) s" }
  return "\(s / 3600) h \(s % 3600 / 60) min"
}

/// A count in three digits and a unit: `10.8k`, `12.9M`, `3.6e12`.
func short(_ value: Double) -> String {
  switch value {
  case ..<1e3: String(format: "%.0f", value)
  case ..<1e6: String(format: "%.1fk", value / 1e3)
  case ..<1e9: String(format: "%.1fM", value / 1e6)
  default: String(format: "%.1e", value)
  }
}
