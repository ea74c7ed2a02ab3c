import Foundation
import Kernels
import Testing

/// The tiled kernel against a softmax over a full row, for lengths around the tile and padded heads.
@Suite struct CausalAttentionTests {
  @Test(arguments: [
    AttentionShape(sequences: 2, positions: 64, heads: 2, keyValueHeads: 2, headWidth: 8),
    AttentionShape(sequences: 1, positions: 1, heads: 1, keyValueHeads: 1, headWidth: 4),
    AttentionShape(sequences: 2, positions: 7, heads: 4, keyValueHeads: 2, headWidth: 6),
    AttentionShape(sequences: 1, positions: 16, heads: 2, keyValueHeads: 1, headWidth: 12),
    AttentionShape(sequences: 3, positions: 17, heads: 3, keyValueHeads: 1, headWidth: 16),
    AttentionShape(sequences: 1, positions: 25, heads: 2, keyValueHeads: 2, headWidth: 24),
    AttentionShape(sequences: 1, positions: 100, heads: 2, keyValueHeads: 1, headWidth: 64),
  ])
  func matchesFullRows(_ shape: AttentionShape) {
    let (b, t, w) = (shape.sequences, shape.positions, shape.headWidth)
    let qkv = noise(shape.rows, shape.columns, seed: 1, scale: 3)
    let dO = noise(shape.rows, shape.heads * w, seed: 2)
    let (o, dQKV, arena) = (
      Matrix(rows: shape.rows, columns: shape.heads * w),
      Matrix(rows: shape.rows, columns: shape.columns), Arena()
    )
    let statistics = Matrix(rows: b * shape.heads, columns: 2 * t)
    causalAttentionForward(qkv, shape, 0..<shape.groups, into: o, statistics: statistics, arena)
    causalAttentionBackward(
      dO, qkv, o: o, statistics: statistics, shape, 0..<shape.groups, into: dQKV, arena)

    let x = doubles(qkv)
    let dy = doubles(dO)
    var y = dy
    var dx = x.map { $0.map { _ in 0.0 } }
    for sequence in 0..<b {
      for head in 0..<shape.heads {
        let group = head / (shape.heads / shape.keyValueHeads)
        let (q, k, v) = (
          head * w, (shape.heads + group) * w, (shape.heads + shape.keyValueHeads + group) * w
        )
        for i in sequence * t..<(sequence + 1) * t {
          let keys = sequence * t...i
          let scores = keys.map { j in
            (0..<w).reduce(0) { $0 + x[i][q + $1] * x[j][k + $1] } / Double(w).squareRoot()
          }
          let top = scores.max() ?? 0
          let total = scores.reduce(0) { $0 + exp($1 - top) }
          let p = scores.map { exp($0 - top) / total }
          for c in 0..<w {
            y[i][q + c] = zip(keys, p).reduce(0) { $0 + $1.1 * x[$1.0][v + c] }
          }
          let dP = keys.map { j in (0..<w).reduce(0) { $0 + dy[i][q + $1] * x[j][v + $1] } }
          let mean = zip(p, dP).reduce(0) { $0 + $1.0 * $1.1 }
          for (n, j) in keys.enumerated() {
            let dS = p[n] * (dP[n] - mean) / Double(w).squareRoot()
            for c in 0..<w {
              dx[i][q + c] += dS * x[j][k + c]
              dx[j][k + c] += dS * x[i][q + c]
              dx[j][v + c] += p[n] * dy[i][q + c]
            }
          }
        }
      }
    }
    expectClose(doubles(o).flatMap { $0 }, y.flatMap { $0 }, "o")
    expectClose(doubles(dQKV).flatMap { $0 }, dx.flatMap { $0 }, "dQKV")
  }

  @Test func surviveLargeScores() {
    let shape = AttentionShape(
      sequences: 1, positions: 20, heads: 1, keyValueHeads: 1, headWidth: 8)
    let qkv = noise(20, 24, seed: 1, scale: 100)
    let (o, statistics) = (Matrix(rows: 20, columns: 8), Matrix(rows: 1, columns: 40))
    causalAttentionForward(qkv, shape, 0..<shape.groups, into: o, statistics: statistics, Arena())
    #expect(o.values.allSatisfy { $0.isFinite && abs($0) <= 100 })
  }
}
