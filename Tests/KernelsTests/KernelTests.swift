import Foundation
import Kernels
import Testing

/// Kernels against plain scalar loops in Double.
@Suite struct KernelTests {
  @Test func exponentialIsAccurate() {
    let x = (0...200_000).map { Float($0) / 200_000 * 170 - 85 }
    var worst = 0.0
    for (x, y) in zip(x, exponentials(x)) {
      worst = max(worst, abs(Double(y) / exp(Double(x)) - 1))
    }
    #expect(worst < 1.2e-7)
    #expect(exponentials([0])[0] == 1)
    #expect(exponentials([-1000])[0] < 1e-37)
    #expect(exponentials([1000])[0] > 1e38 && exponentials([1000])[0].isFinite)
    #expect(exponentials([.nan])[0].isNaN)
  }

  /// Sizes below, at and above blocks of 4, 6 and 8 rows, panels of 8, 16 and 24 columns, and what is
  /// packed at a time (256 deep, 240 columns).
  @Test(arguments: [
    (1, 3, 5), (64, 16, 48), (37, 48, 24), (100, 33, 17), (512, 128, 96), (13, 300, 40),
    (9, 500, 263), (300, 31, 7), (512, 515, 520),
  ])
  func matmuls(_ n: Int, _ f: Int, _ d: Int) {
    let (x, w, y) = (noise(n, d, seed: 1), noise(f, d, seed: 2), noise(n, f, seed: 3))
    let out = Matrix(rows: n, columns: f)
    matmul(x, transposed: w, into: out, Arena())
    let expected = product(doubles(x), transposed: doubles(w))
    expectClose(doubles(out).flatMap { $0 }, expected.flatMap { $0 }, "x wᵀ")

    let dx = Matrix(rows: n, columns: d)
    matmul(y, w, into: dx, Arena())
    let back = product(doubles(y), transposed: transpose(doubles(w)))
    expectClose(doubles(dx).flatMap { $0 }, back.flatMap { $0 }, "y w")

    let dw = noise(f, d, seed: 4)
    let before = doubles(dw).flatMap { $0 }
    matmul(transposed: y, x, addingTo: dw, Arena())
    let gradient = product(transpose(doubles(y)), transposed: transpose(doubles(x)))
    expectClose(
      doubles(dw).flatMap { $0 }, zip(before, gradient.flatMap { $0 }).map(+), "w += yᵀ x")
  }

  /// The bits of an output do not depend on the rows and columns around it, in any of the products.
  @Test(arguments: [(48, 40), (29, 300)])
  func productsOfPartsHaveTheBitsOfTheWhole(_ f: Int, _ d: Int) {
    let (x, w, xT, wT) = (
      noise(203, d, seed: 1), noise(f, d, seed: 2), noise(d, 203, seed: 3), noise(d, f, seed: 4)
    )
    let arena = Arena()
    func products(_ rows: Range<Int>, _ columns: Range<Int>) -> [Matrix] {
      let parts = (0..<3).map { _ in Matrix(rows: rows.count, columns: columns.count) }
      matmul(x[rows: rows], transposed: w[rows: columns], into: parts[0], arena)
      matmul(x[rows: rows], wT[columns: columns], into: parts[1], arena)
      matmul(transposed: xT[columns: rows], wT[columns: columns], addingTo: parts[2], arena)
      return parts
    }
    let whole = products(0..<203, 0..<f)
    for rows in [0..<1, 1..<6, 5..<13, 70..<203] {
      for columns in [0..<f, 3..<12, f - 17..<f] {
        for (part, all) in zip(products(rows, columns), whole) {
          #expect(part.values == all[rows: rows][columns: columns].values)
        }
      }
    }
  }

  @Test func matmulOfViews() {
    let wide = noise(20, 30, seed: 1)
    let (x, w) = (wide[columns: 5..<21], noise(9, 16, seed: 2))
    let out = Matrix(rows: 20, columns: 40)
    matmul(x, transposed: w, into: out[columns: 3..<12], Arena())
    expectClose(
      doubles(out[columns: 3..<12]).flatMap { $0 },
      product(doubles(x), transposed: doubles(w)).flatMap { $0 })
    #expect(doubles(out[columns: 0..<3]).flatMap { $0 }.allSatisfy { $0 == 0 })
    #expect(doubles(out[columns: 12..<40]).flatMap { $0 }.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [8, 16, 21])
  func norms(_ width: Int) {
    let (x, gain, bias) = (
      noise(7, 2 * width, seed: 1), noise(1, width, seed: 2), noise(1, width, seed: 3)
    )
    let (y, statistics) = (Matrix(rows: 7, columns: 2 * width), Matrix(rows: 7, columns: 4))
    func reference(_ map: ([Double], Int) -> Double) -> [Double] {
      doubles(x).flatMap { row in
        row.indices.map { i in
          map(Array(row[i / width * width..<(i / width + 1) * width]), i % width)
        }
      }
    }
    rmsNormForward(
      x, gain: gain, epsilon: 1e-5, into: y, inverse: statistics[columns: 0..<2])
    expectClose(
      doubles(y).flatMap { $0 },
      reference { group, i in
        let square = group.reduce(0) { $0 + $1 * $1 } / Double(width)
        return group[i] / (square + 1e-5).squareRoot() * Double(gain[0, i])
      })
    layerNormForward(
      x, gain: gain, bias: bias, epsilon: 1e-5, into: y, statistics: statistics)
    expectClose(
      doubles(y).flatMap { $0 },
      reference { group, i in
        let mean = group.reduce(0, +) / Double(width)
        let variance = group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
        return (group[i] - mean) / (variance + 1e-5).squareRoot() * Double(gain[0, i])
          + Double(bias[0, i])
      })
  }

  @Test(arguments: [2, 8, 12, 32])
  func rotation(_ width: Int) {
    let x = noise(18, 3 * width, seed: 1)
    let y = Matrix(rows: 18, columns: 3 * width, x.values)
    let table = RotaryTable(positions: 11, headWidth: width, base: 10_000)
    rotaryForward(y, table: table, length: 9)
    for n in 0..<18 {
      for i in 0..<3 * width {
        let (head, lane, half) = (i / width * width, i % width, width / 2)
        let angle = Double(n % 9) * pow(10_000, -Double(2 * (lane % half)) / Double(width))
        let (a, b) = (
          Double(x[n, head + lane % half]), Double(x[n, head + half + lane % half])
        )
        let expected =
          lane < half ? a * cos(angle) - b * sin(angle) : b * cos(angle) + a * sin(angle)
        #expect(abs(Double(y[n, i]) - expected) < 1e-5)
      }
    }
    rotaryBackward(y, table: table, length: 9)
    expectClose(doubles(y).flatMap { $0 }, doubles(x).flatMap { $0 })
  }

  @Test func activations() {
    let x = noise(5, 26, seed: 1, scale: 12)
    let h = Matrix(rows: 5, columns: 13)
    swiGLUForward(x, into: h)
    expectClose(
      doubles(h).flatMap { $0 },
      doubles(x).flatMap { row in (0..<13).map { row[$0] / (1 + exp(-row[$0])) * row[13 + $0] } })
    let y = Matrix(rows: 5, columns: 26)
    geluForward(x, into: y)
    expectClose(
      doubles(y).flatMap { $0 },
      doubles(x).flatMap { row in
        row.map {
          0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
        }
      })
  }

  @Test func embedding() {
    let (table, positions) = (noise(7, 5, seed: 1), noise(4, 5, seed: 2))
    let ids: [Int32] = [3, 3, 6, 0, 1, 3]
    let y = Matrix(rows: 6, columns: 5)
    embeddingForward(ids[...], table: table, positions: positions, length: 3, into: y)
    for n in 0..<6 {
      for i in 0..<5 { #expect(y[n, i] == table[Int(ids[n]), i] + positions[n % 3, i]) }
    }
    let (dTable, dPositions) = (Matrix(rows: 7, columns: 5), Matrix(rows: 4, columns: 5))
    embeddingBackward(y, ids: ids, addingTo: dTable, positions: dPositions, length: 3)
    #expect(dTable[3, 2] == y[0, 2] + y[1, 2] + y[5, 2])
    #expect(dTable[2, 2] == 0 && dPositions[3, 1] == 0)
    #expect(dPositions[1, 4] == y[1, 4] + y[4, 4])
  }

  @Test(arguments: [(5, 11), (70, 256), (300, 1000)])
  func crossEntropy(_ n: Int, _ v: Int) {
    let (h, e) = (noise(n, 12, seed: 1), noise(v, 12, seed: 2, scale: 2))
    let targets = (0..<n).map { Int32($0 % 4 == 1 ? -1 : $0 * 7 % v) }
    let (scale, zLoss) = (0.3, 0.02)
    var losses = [Double](repeating: 0, count: n)
    var squares = 0.0
    let dz = product(doubles(h), transposed: doubles(e)).enumerated().map { n, z -> [Double] in
      guard targets[n] >= 0 else { return z.map { _ in 0 } }
      let top = z.max() ?? 0
      let logSum = top + log(z.reduce(0) { $0 + exp($1 - top) })
      losses[n] = logSum - z[Int(targets[n])]
      squares += logSum * logSum
      return z.enumerated().map { i, z in
        let p = exp(z - logSum)
        return scale * (p * (1 + 2 * zLoss * logSum) - (i == Int(targets[n]) ? 1 : 0))
      }
    }
    let (dh, de, arena) = (Matrix(rows: n, columns: 12), Matrix(rows: v, columns: 12), Arena())
    let sums = crossEntropyBackpropagate(
      h, table: e, targets: targets, scale: Float(scale), zLoss: Float(zLoss), into: dh,
      addingTo: de, arena)
    #expect(abs(sums.crossEntropy / losses.reduce(0, +) - 1) < 1e-6)
    #expect(abs(sums.squaredLogSumExp / squares - 1) < 1e-6)
    #expect(sums.tokens == targets.count { $0 >= 0 })
    expectClose(
      doubles(dh).flatMap { $0 },
      product(dz, transposed: transpose(doubles(e))).flatMap { $0 }, "dh")
    expectClose(
      doubles(de).flatMap { $0 },
      product(transpose(dz), transposed: transpose(doubles(h))).flatMap { $0 }, "dE")
    let scored = (0..<n).filter { targets[$0] >= 0 }
    let rows = Matrix(rows: scored.count, columns: 12)
    gather(h, rows: scored, into: rows)
    let scores = tokenScores(rows, table: e, targets: scored.map { targets[$0] }, arena)
    expectClose(scores.map { Double($0.loss) }, scored.map { losses[$0] }, "losses")
    let logits = product(doubles(h), transposed: doubles(e))
    for (score, n) in zip(scores, scored) {
      let likeliest = logits[n].indices.max { logits[n][$0] < logits[n][$1] }
      #expect(score.isLikeliest == (likeliest == Int(targets[n])))
    }
  }
}
