import Foundation
import FuzzTargets

/// libFuzzer on one parser, guided by coverage, under the address sanitizer (`make test-fuzz`):
///
///     fuzz --list
///     fuzz --seeds FOLDER          writes each target's seeds to FOLDER/TARGET
///     fuzz TARGET [libFuzzer's options] [corpus folders]
///
/// A crash, an input that takes a second of processor time, and one for which more memory is held
/// than four times its length and 64 MiB end the process, and libFuzzer writes the input to a file.
@main struct Fuzz {
  static func main() throws {
    let targets = try FuzzTarget.all()
    switch CommandLine.arguments.dropFirst().first {
    case "--list": for target in targets { print(target.name) }
    case "--seeds":
      let root = URL(fileURLWithPath: CommandLine.arguments[2])
      for target in targets {
        try write(target.seeds, to: root.appendingPathComponent(target.name))
      }
    case let name:
      guard let target = targets.first(where: { $0.name == name }) else {
        print("fuzz: no target \(name ?? "")")
        exit(64)
      }
      run(target)
    }
  }

  static func write(_ seeds: [[UInt8]], to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (index, seed) in seeds.enumerated() {
      try Data(seed).write(to: folder.appendingPathComponent("seed-\(index)"))
    }
  }

  static func run(_ target: FuzzTarget) -> Never {
    current = target
    watchMemory()
    signal(SIGVTALRM) { _ in abort() }
    atexit {
      print(
        "fuzz: \(current?.name ?? ""): \(inputs) inputs, \(accepted) accepted, slowest "
          + "\(slowest / 1000) µs, at most \(largest) bytes held")
    }
    // The target's name goes; libFuzzer reads the rest.
    var argc = CommandLine.argc - 1
    var argv = CommandLine.unsafeArgv + 1
    argv[0] = CommandLine.unsafeArgv[0]
    exit(runDriver(&argc, &argv, test))
  }
}

// One thread, so plain variables will do.
nonisolated(unsafe) private var current: FuzzTarget?
nonisolated(unsafe) private var inputs = 0
nonisolated(unsafe) private var accepted = 0
nonisolated(unsafe) private var slowest = 0
nonisolated(unsafe) private var largest = 0
// Bytes from malloc that are held now, and at most since `peak` was set.
nonisolated(unsafe) private var held = 0
nonisolated(unsafe) private var peak = 0

private func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let target = current else { return 0 }
  let input = Array(UnsafeBufferPointer(start: bytes, count: count))
  peak = held
  let before = held
  // A hang is ended by processor time too, for whoever measures may stop this process for a while.
  var limit = itimerval()
  limit.it_value.tv_sec = 10
  setitimer(.init(ITIMER_VIRTUAL.rawValue), &limit, nil)
  let start = nanoseconds()
  do { if try target.accepts(input) { accepted += 1 } } catch { fatalError("threw \(error)") }
  let time = nanoseconds() - start
  let taken = peak - before
  inputs += 1
  slowest = max(slowest, time)
  largest = max(largest, taken)
  guard time < 1_000_000_000 else { fatalError("took \(time / 1_000_000) ms") }
  guard taken <= 4 * count + 64 << 20 else { fatalError("held \(taken) bytes") }
  return 0
}

/// Processor time of this thread: what others do with the machine does not count.
private func nanoseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return 1_000_000_000 * time.tv_sec + time.tv_nsec
}

/// Counts what malloc gives and free takes, by the sanitizer's hooks.
private func watchMemory() {
  _ = installHooks(
    { _, size in
      held += size
      if held > peak { peak = held }
    },
    { pointer in held -= allocatedSize(pointer) })
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argc: UnsafeMutablePointer<CInt>,
  _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@_silgen_name("__sanitizer_install_malloc_and_free_hooks")
private func installHooks(
  _ malloc: @convention(c) (UnsafeRawPointer?, Int) -> Void,
  _ free: @convention(c) (UnsafeRawPointer?) -> Void
) -> CInt

@_silgen_name("__sanitizer_get_allocated_size")
private func allocatedSize(_ pointer: UnsafeRawPointer?) -> Int
