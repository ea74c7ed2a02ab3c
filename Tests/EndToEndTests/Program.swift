import Foundation
import Testing

/// The built program, run as its users run it.
struct Program {
  /// A folder of its own, removed by `remove()`.
  let folder: URL

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("overtrain-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Runs `overtrain` with `arguments` in the folder, to the end.
  func run(_ arguments: String...) throws -> Result { try run(arguments) }

  /// Runs `overtrain` with `arguments` in the folder, to the end.
  ///
  /// - Parameters:
  ///   - environment: added to the test's own
  ///   - body: called while it runs
  func run(
    _ arguments: [String], environment: [String: String] = [:],
    during body: (Process) throws -> Void = { _ in }
  ) throws -> Result {
    let (process, output, errors) = try start(arguments, environment)
    do { try body(process) } catch {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      throw error
    }
    process.waitUntilExit()
    return Result(
      status: process.terminationReason == .exit
        ? process.terminationStatus : -process.terminationStatus,
      output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// Waits until `condition` holds: no test may depend on how fast the machine is.
  static func wait(until condition: () throws -> Bool) throws {
    for _ in 0..<24_000 {
      if try condition() { return }
      Thread.sleep(forTimeInterval: 0.005)
    }
    throw Timeout()
  }

  /// Two minutes have passed.
  struct Timeout: Error {}

  /// Waits until the program has stopped itself, as SIGSTOP of `Faults` makes it do.
  static func wait(untilStopped process: Process) throws {
    try wait {
      let status = try String(
        contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
      return status.drop { $0 != ")" }.dropFirst(2).first == "T"
    }
  }

  func write(_ text: String, to name: String) throws {
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Runs a shell command; its exit status.
  static func shell(_ command: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "{ \(command); } >/dev/null 2>&1"]
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Starts `overtrain`; the files take its output and its errors.
  func start(
    _ arguments: [String], _ environment: [String: String] = [:]
  ) throws -> (process: Process, output: URL, errors: URL) {
    let process = Process()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = Program.binary
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let output = folder.appendingPathComponent("stdout-\(UUID())")
    let errors = folder.appendingPathComponent("stderr-\(UUID())")
    for url in [output, errors] {
      _ = FileManager.default.createFile(atPath: url.path, contents: nil)
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    // Tests run on threads that block signals, and a child inherits that.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    try process.run()
    return (process, output, errors)
  }

  /// `overtrain` beside the test program.
  static let binary: URL? = {
    let beside = Bundle.main.executableURL?.deletingLastPathComponent()
      .appendingPathComponent("overtrain")
    let candidates = [beside, root.appendingPathComponent(".build/release/overtrain")]
    return candidates.compactMap(\.self).first {
      FileManager.default.isExecutableFile(atPath: $0.path)
    }
  }()
}
