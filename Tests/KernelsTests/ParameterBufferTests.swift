import Foundation
import Kernels
import Testing

@Suite struct ParameterBufferTests {
  private func layout() -> (ParameterLayout, [Parameter]) {
    var layout = ParameterLayout()
    let a = layout.add("a", rows: 5, columns: 7, start: .zeros)
    let b = layout.add("b", rows: 2, columns: 7, start: .zeros)
    let c = layout.add("c", count: 13, start: .ones)
    return (layout, [a, b, c])
  }

  private func buffer(seed: Int) -> ParameterBuffer {
    let (layout, parameters) = layout()
    let buffer = ParameterBuffer(layout)
    for (i, p) in parameters.enumerated() {
      buffer.set(p, noise(p.rows, p.columns, seed: seed + i).values)
    }
    return buffer
  }

  @Test func layoutPlacesParametersOneAfterTheOther() {
    let (layout, parameters) = layout()
    #expect(layout.count == 62)
    #expect(parameters.map(\.range) == [0..<35, 35..<49, 49..<62])
    #expect(parameters.map(\.shape) == [[5, 7], [2, 7], [13]])
    let stacked = Parameter.stack([parameters[0], parameters[1]])
    #expect(stacked.shape == [7, 7] && stacked.range == 0..<49)
  }

  @Test func bytesComeBack() {
    let (a, b) = (buffer(seed: 1), buffer(seed: 5))
    #expect(a.data.count == 62 * 4 && a.data != b.data)
    b.load(a.data)
    #expect(b.data == a.data)
    // A slice of Data does not start at index 0.
    b.load(a.data.dropFirst(4 * 35), into: 35..<62)
    #expect(b.data == a.data)
    let first = a.values(of: a.layout.parameters[0])[0]
    #expect(
      Array(a.data.prefix(4)) == withUnsafeBytes(of: first.bitPattern.littleEndian, Array.init))
  }

  @Test func sums() {
    let (a, b) = (buffer(seed: 1), buffer(seed: 5))
    let all = { (x: ParameterBuffer) in
      x.layout.parameters.flatMap { x.values(of: $0) }.map(Double.init)
    }
    let (x, y) = (all(a), all(b))
    expectClose(
      [sumOfSquares(b, range: 3..<62)], [y[3...].reduce(0) { $0 + $1 * $1 }], within: 1e-12)
    add(a, into: b, range: 9..<40)
    let expected = y.indices.map { (9..<40).contains($0) ? x[$0] + y[$0] : y[$0] }
    expectClose(all(b), expected, within: 1e-6)
  }

  @Test func adamW() {
    let (weights, gradients) = (buffer(seed: 1), buffer(seed: 5))
    let (m, v) = (ParameterBuffer(weights.layout), ParameterBuffer(weights.layout))
    let all = { (x: ParameterBuffer) in
      x.layout.parameters.flatMap { x.values(of: $0) }.map(Double.init)
    }
    var theta = all(weights)
    let g = all(gradients).map { $0 * 0.25 }
    var (first, second) = (g.map { _ in 0.0 }, g.map { _ in 0.0 })
    for step in 1...5 {
      adamWUpdate(
        weights: weights, gradients: gradients, firstMoment: m, secondMoment: v, range: 5..<60,
        learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, step: step, decay: 0.02,
        gradientScale: 0.25)
      for i in 5..<60 {
        first[i] = 0.9 * first[i] + 0.1 * g[i]
        second[i] = 0.95 * second[i] + 0.05 * g[i] * g[i]
        let mean = first[i] / (1 - pow(0.9, Double(step)))
        let root = (second[i] / (1 - pow(0.95, Double(step)))).squareRoot()
        theta[i] = theta[i] * 0.98 - 0.01 * mean / (root + 1e-8)
      }
    }
    expectClose(all(weights), theta, within: 1e-6)
    expectClose(all(m), first)
    expectClose(all(v), second)
  }

  @Test func matricesAreViews() {
    let m = noise(4, 6, seed: 1)
    let view = m[rows: 1..<3][columns: 2..<5]
    #expect(view[1, 2] == m[2, 4] && view.values.count == 6)
    view[0, 0] = 42
    #expect(m[1, 2] == 42)
    #expect(m.reshaped(3, 8)[1, 0] == 42)
    #expect(m[rows: 1..<3].reshaped(1, 12)[0, 2] == 42)
    view.fill(1)
    #expect(m[1, 2] == 1 && m[1, 5] != 1)
  }

  @Test func arenaReusesItsMemory() {
    let arena = Arena()
    let a = arena.matrix(10, 10)
    a.fill(1)
    let mark = arena.mark
    let b = arena.matrix(1000, 100)
    b.fill(2)
    arena.rewind(to: mark)
    arena.matrix(3, 3).fill(3)
    #expect(a.values.allSatisfy { $0 == 1 })
    arena.reset()
    #expect(arena.matrix(10, 10).values == a.values)
    arena.matrix(1, 1)[0, 0] = 4
    arena.reset()
    _ = arena.matrix(10, 10)
    #expect(arena.matrix(1, 1)[0, 0] == 4)
  }
}

@Suite(.serialized) struct MachineTests {
  @Test func hasTheVectorInstructionsThatTheCodeIsCompiledFor() {
    #expect(["AVX-512", "AVX2 and FMA", "NEON", "baseline"].contains(CPU.vectors))
    #expect(!CPU.model.isEmpty)
    #expect(BLAS.description.hasPrefix("OpenBLAS "))
  }

  /// Without the target's vector flags every fused multiply-add is a call, and our products take 100
  /// times longer than OpenBLAS's, which finds out at run time what the processor can do.
  @Test func productsAreVectorCode() {
    let (a, b, c) = (noise(192, 192, seed: 1), noise(192, 192, seed: 2), noise(192, 192, seed: 3))
    let arena = Arena()
    var (ours, theirs) = (Duration.seconds(1), Duration.seconds(1))
    for _ in 0..<20 {
      ours = min(ours, ContinuousClock().measure { matmul(a, b, into: c, arena) })
      theirs = min(theirs, ContinuousClock().measure { BLAS.sgemm(a, b, into: c) })
    }
    #expect(ours / theirs < 8, "\(ours) against \(theirs): are the vector flags set?")
  }
}
