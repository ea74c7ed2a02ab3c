import Dispatch
import Experiment
import Foundation
import Synchronization

/// Runs one of the system's programs.
package struct Command {
  /// Where programs are looked for, PATH when nil: tests put stand-ins there.
  @TaskLocal package static var path: String?

  private static let setpriv = "/usr/bin/setpriv"
  private static let running = Mutex<Set<Int32>>([])

  /// Ends all programs that run now.
  package static func terminateAll() {
    for id in running.withLock({ $0 }) { kill(id, SIGTERM) }
  }

  let status: Int32
  let output: Bytes
  let errors: String

  /// The last lines of what the program complained of.
  var complaint: String {
    errors.split(whereSeparator: \.isNewline).suffix(3).joined(separator: "; ")
  }

  /// Runs `name`, found through PATH, and waits for it; nil when there is no such program.
  package static func run(
    _ name: String, _ arguments: [String], in folder: URL? = nil
  ) throws(UserError) -> Command? {
    let process = Process()
    // Where there is setpriv, the program ends with us, even if we are killed. Its parent is the
    // thread that starts it, which waits for it below.
    let dies = FileManager.default.isExecutableFile(atPath: setpriv)
    process.executableURL = URL(fileURLWithPath: dies ? setpriv : "/usr/bin/env")
    process.arguments = (dies ? ["--pdeathsig", "TERM", "--"] : []) + [name] + arguments
    process.currentDirectoryURL = folder
    // Messages are looked at, so they have to be in one language.
    var environment = ProcessInfo.processInfo.environment
    environment["LC_ALL"] = "C.UTF-8"
    if let path { environment["PATH"] = path }
    process.environment = environment
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch {
      throw UserError(.failure, "cannot run \(name): \(error.localizedDescription)")
    }
    let id = process.processIdentifier
    running.withLock { _ = $0.insert(id) }
    defer { running.withLock { _ = $0.remove(id) } }
    // Both pipes are read at once: a program blocks when either is full.
    let complaints = Mutex(Data())
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) {
      let data = errors.fileHandleForReading.readDataToEndOfFile()
      complaints.withLock { $0 = data }
    }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    group.wait()
    process.waitUntilExit()
    guard process.terminationStatus != 127 else { return nil }
    return Command(
      status: process.terminationStatus, output: Bytes(data),
      errors: String(decoding: complaints.withLock { $0 }, as: UTF8.self))
  }
}
