import Foundation
import Testing

/// Real faults below a folder: `Tests/Faults/faults.c`, built with the toolchain's own clang and
/// preloaded into the program.
struct Faults {
  /// What happens at a call.
  enum Fault {
    case kill
    /// Signals, one after another, before the call.
    case signals([Int32])
    /// An error of this call, and of every later one unless it is `once`.
    case error(Int32, once: Bool = false)
  }

  /// A call by which a file changed.
  struct Call {
    let seconds: Double
    let operation: String
    let path: String

    /// The operation and the path without what is another name every time, as a pattern.
    var site: String {
      "\(operation) \(path)"
        .replacing(/chain-[^\/]*/, with: "chain-*")
        .replacing(/\.[0-9]+\.tmp/, with: ".*.tmp")
        .replacing(/step-[0-9]+/, with: "step-*")
    }
  }

  /// The folder in which calls count.
  let folder: URL
  private let library: String
  private var log: URL { folder.appendingPathExtension("calls") }

  /// Nil, with a message, where there is no clang.
  init?(_ folder: URL) {
    guard let library = Self.library else {
      print("skipped: faults are injected with a library that clang has to build")
      return nil
    }
    self.library = library
    self.folder = folder
  }

  /// For the `number`-th call, of those that fit the pattern `site`; 0 for none.
  func environment(
    _ fault: Fault = .kill, at number: Int = 0, site: String? = nil
  ) -> [String: String] {
    try? FileManager.default.removeItem(at: log)
    var environment = [
      "LD_PRELOAD": library, "FAULT_FOLDER": folder.path, "FAULT_AT": "\(number)",
      "FAULT_LOG": log.path,
    ]
    environment["FAULT_MATCH"] = site
    switch fault {
    case .kill: break
    case .signals(let signals):
      environment["FAULT_SIGNALS"] = signals.map(String.init).joined(separator: ",")
    case .error(let code, let once):
      environment["FAULT_ERRNO"] = "\(code)"
      if once { environment["FAULT_ONCE"] = "1" }
    }
    return environment
  }

  /// The calls of the last run.
  func calls() -> [Call] {
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, let seconds = Double(parts[0]) else { return nil }
      return Call(seconds: seconds, operation: String(parts[1]), path: String(parts[2]))
    }
  }

  /// The clock of `Call.seconds`.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// A number of the environment, for longer trials than `make test` has time for.
  static func number(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }

  private static let library: String? = {
    let target = FileManager.default.temporaryDirectory
      .appendingPathComponent("overtrain-faults-\(ProcessInfo.processInfo.processIdentifier).so")
    let source = Program.root.appendingPathComponent("Tests/Faults/faults.c")
    let status = try? Program.shell(
      "clang -O1 -shared -fPIC -o '\(target.path)' '\(source.path)'")
    return status == 0 ? target.path : nil
  }()
}
