import Experiment
import Foundation
import Synchronization
import Testing

/// Feeds a parser with mutated seeds: OVERTRAIN_FUZZ_INPUTS of them, 100 in `make test`.
///
/// A crash ends the process; the file named in the message before it says which input it was, and
/// that input belongs in `Tests/FuzzTests/Found`, whose files are seeds too.
struct Fuzzing {
  static let inputs =
    ProcessInfo.processInfo.environment["OVERTRAIN_FUZZ_INPUTS"].flatMap { Int($0) } ?? 100
  static let mostSeconds = 1.0

  let name: String
  let seeds: [[UInt8]]
  /// True of good input.
  let parse: (_ bytes: [UInt8]) throws -> Void

  func run() throws {
    let current = FileManager.default.temporaryDirectory
      .appendingPathComponent("overtrain-fuzz-\(name)-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? FileManager.default.removeItem(at: current) }
    try Data().write(to: current)
    let mark = try FileHandle(forWritingTo: current)
    let all = seeds + (try found())
    for seed in seeds { try parse(seed) }
    let before = peakMemory()
    var refused = 0
    var slowest = 0.0
    var largest = 0
    for index in 0..<Self.inputs {
      // The number of the input is enough to make it again.
      try mark.seek(toOffset: 0)
      try mark.write(contentsOf: Data("\(index)\n".utf8))
      let bytes = input(index, all)
      largest = max(largest, bytes.count)
      let start = ContinuousClock.now
      do { try parse(bytes) } catch is UserError { refused += 1 } catch is Expected { refused += 1 }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if seconds > slowest { slowest = seconds }
      #expect(seconds < Self.mostSeconds, "\(name), input \(index): \(seconds) s")
    }
    let grown = peakMemory() - before
    print(
      "fuzz: \(name): \(Self.inputs) inputs, \(refused) refused, slowest "
        + "\(Int(1e6 * slowest)) µs, memory grew by \(grown / 1024) kB")
    // The address sanitizer keeps what is freed, so this holds without it alone.
    guard ProcessInfo.processInfo.environment["ASAN_OPTIONS"] == nil else { return }
    #expect(grown < 4 * largest + (64 << 20), "\(name): \(grown) bytes")
  }

  /// What a parser throws beside `UserError` when it refuses input.
  struct Expected: Error {}

  private func input(_ index: Int, _ all: [[UInt8]]) -> [UInt8] {
    var mutator = Mutator(UInt64(index) &* 0x9e37_79b9 ^ stableHash(name))
    return mutator.mutate(all[index % all.count], all[(index / 7) % all.count])
  }

  /// Inputs that once broke this parser.
  private func found() throws -> [[UInt8]] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Found")
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return try files.sorted().filter { $0.hasPrefix(name + "-") }.map {
      let bytes = Array(try Data(contentsOf: folder.appendingPathComponent($0)))
      do { try parse(bytes) } catch is UserError {} catch is Expected {}
      return bytes
    }
  }

  /// The most memory that the process has ever had, in bytes.
  private func peakMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
    return 1024 * (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0)
  }
}
