import Foundation
import Testing

/// What a training step costs beside its time, and that its bits do not depend on the processor.
@Suite struct StepTests {
  private struct Bench: Decodable {
    let loss: Double
    let digest: String
    let peakRSSMB: Double
  }

  private func bench(
    _ config: String, steps: Int, workers: Int = 2, environment: [String: String] = [:]
  ) throws -> Bench {
    let program = try Program()
    defer { program.remove() }
    let result = try program.run(
      [
        "bench", "--config", config, "--steps", "\(steps)", "--workers", "\(workers)", "--json",
      ], environment: environment)
    #expect(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode(Bench.self, from: Data(result.output.utf8))
  }

  /// On a processor without AVX-512 both runs take the same way.
  @Test func bitsAreThoseOfNarrowVectors() throws {
    for config in ["xs", "c1"] {
      let narrow = try bench(config, steps: 2, environment: ["OVERTRAIN_VECTORS": "avx2"])
      let widest = try bench(config, steps: 2)
      #expect(narrow.digest == widest.digest && narrow.loss == widest.loss)
    }
  }

  /// Training and evaluation where no size is a whole number of vectors.
  @Test func bitsAreThoseOfNarrowVectorsAtOddSizes() throws {
    let program = try Program()
    defer { program.remove() }
    try ResumeTests.prepare(program)
    try program.write(
      """
      name: g
      corpora: chain
      model:
        contextLength: 43
        sizes: { a: { width: 36, layers: 1, heads: 3 }, b: { width: 22, layers: 1, heads: 1 } }
      training: { batchTokens: 344, slots: 2, microbatchTokens: 86 }
      evaluation: { validationTokens: 4096 }
      tokenMultipliers: [2]
      """, to: "g.yaml")
    for vectors in ["avx2", "avx512"] {
      let run = try program.run(
        ["sweep", "g.yaml", "--runs", vectors], environment: ["OVERTRAIN_VECTORS": vectors])
      #expect(run.status == 0, "\(run.errors)")
    }
    let results = try ResumeTests.results(program, "avx2")
    #expect(try results.count == 2 * 4 + 1 && ResumeTests.results(program, "avx512") == results)
  }

  /// Weights × (3 + workers) + 64 MiB: weights, two moments, and a gradient for each worker. Large
  /// models (c4) have one gradient, and keep within it from two workers on.
  @Test(arguments: [("xs", 33_888), ("c1", 360_768), ("c2", 1_852_544), ("c4", 6_917_376)])
  func memory(_ config: String, _ parameters: Int) throws {
    for workers in config == "c4" ? [2, 3] : [1, 2] {
      let limit = Double(4 * parameters * (3 + workers)) / 1_048_576 + 64
      let peak = try bench(config, steps: 1, workers: workers).peakRSSMB
      #expect(peak <= limit, "\(config) with \(workers) workers: \(peak) of \(limit) MiB")
    }
  }

  /// The heap is left alone: fifty steps allocate no more often than five.
  @Test(arguments: [1, 2]) func allocatesNothing(workers: Int) throws {
    let program = try Program()
    defer { program.remove() }
    let library = program.folder.appendingPathComponent("allocations.so")
    let source = Program.root.appendingPathComponent("Tests/Faults/allocations.c")
    let built = try Program.shell(
      "clang -O1 -shared -fPIC -o '\(library.path)' '\(source.path)'")
    guard built == 0 else {
      print("skipped: allocations are counted with a library that clang has to build")
      return
    }
    func allocations(steps: Int) throws -> Int {
      let count = program.folder.appendingPathComponent("count-\(steps)")
      _ = try bench(
        "xs", steps: steps, workers: workers,
        environment: ["LD_PRELOAD": library.path, "ALLOCATIONS_FILE": count.path])
      return try #require(Int(String(contentsOf: count, encoding: .utf8)))
    }
    let (few, many) = (try allocations(steps: 5), try allocations(steps: 55))
    #expect(many - few < 50, "\(Double(many - few) / 50) allocations a step")
  }
}
