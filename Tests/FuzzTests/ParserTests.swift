import Foundation
import FuzzTargets
import Testing

/// Every parser of foreign bytes on its seeds, on what once broke it, and on a hundred mutated inputs;
/// `make test-fuzz` goes on from here.
@Suite(.serialized)
struct ParserTests {
  @Test func acceptsItsSeeds() throws {
    for target in try FuzzTarget.all() {
      for seed in target.seeds { #expect(throws: Never.self) { try target.parse(seed) } }
    }
  }

  /// Inputs that once broke a parser, named PARSER-WHAT.
  @Test func survivesWhatWasFound() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Found")
    let targets = try FuzzTarget.all()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    where name != "README.md" {
      let target = try #require(targets.first { name.hasPrefix($0.name + "-") }, "\(name)")
      let bytes = Array(try Data(contentsOf: folder.appendingPathComponent(name)))
      try expectQuick(target, bytes, name)
    }
  }

  @Test func survivesMutations() throws {
    for target in try FuzzTarget.all() {
      for number in 0..<100 {
        var mutator = Mutator(UInt64(number))
        let seeds = target.seeds
        let bytes = mutator.mutate(seeds[number % seeds.count], seeds[(number / 7) % seeds.count])
        try expectQuick(target, bytes, "\(target.name), input \(number)")
      }
    }
  }

  /// A second of processor time at most, whatever else the machine does.
  private func expectQuick(_ target: FuzzTarget, _ bytes: [UInt8], _ name: String) throws {
    let start = processorSeconds()
    _ = try target.accepts(bytes)
    let seconds = processorSeconds() - start
    #expect(seconds < 1, "\(name): \(seconds) s")
  }

  private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}
