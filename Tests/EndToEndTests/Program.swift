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
  ///   - seconds: when `body` is called
  func run(
    _ arguments: [String], environment: [String: String] = [:], after seconds: Double = 0,
    body: () throws -> Void = {}
  ) throws -> Result {
    let (process, output, errors) = try start(arguments, environment)
    if seconds > 0 { Thread.sleep(forTimeInterval: seconds) }
    try body()
    process.waitUntilExit()
    return Result(
      status: process.terminationReason == .exit
        ? process.terminationStatus : -process.terminationStatus,
      output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// Starts `overtrain` and sends it `signal` after `seconds`, if it still runs.
  ///
  /// - Returns: the exit status, or minus the signal that ended it
  func run(_ arguments: [String], signal: Int32, after seconds: Double) throws -> Int32 {
    let (process, _, _) = try start(arguments)
    Thread.sleep(forTimeInterval: seconds)
    if process.isRunning { kill(process.processIdentifier, signal) }
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : -process.terminationStatus
  }

  /// Runs `body` while `overtrain` with `arguments` runs, then ends that.
  func run<Result>(_ arguments: [String], during body: () throws -> Result) throws -> Result {
    let (process, _, _) = try start(arguments)
    defer {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    return try body()
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
    process.arguments = ["-c", command + " 2>/dev/null"]
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Starts `overtrain`; the files take its output and its errors.
  func start(
    _ arguments: [String], _ environment: [String: String] = [:]
  ) throws -> (Process, URL, URL) {
    let process = Process()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = Bundle.main.executableURL.flatMap(Program.binary)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let output = folder.appendingPathComponent("stdout-\(UUID())")
    let errors = folder.appendingPathComponent("stderr-\(UUID())")
    for url in [output, errors] {
      _ = FileManager.default.createFile(atPath: url.path, contents: nil)
    }
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
  private static func binary(_ tests: URL) -> URL? {
    let candidates = [
      tests.deletingLastPathComponent().appendingPathComponent("overtrain"),
      root.appendingPathComponent(".build/release/overtrain"),
    ]
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
