import Foundation
import WideKernels

// The head and its loss. With logits z = h Eᵀ, Z = logsumexp(z) and p = exp(z − Z), for target y
//   loss = (Z − z_y) + c Z²        dz = p (1 + 2 c Z) − [y]
// Tokens go through in chunks of rows: logits, loss, dz in place of the logits, then dh = dz E and
// dE += dzᵀ h while they are in cache. The logits of a whole batch never exist.

/// The sums that a pass over a batch yields.
public struct CrossEntropySum: Sendable {
  /// Σ (Z − z_y)
  public var crossEntropy = 0.0
  /// Σ Z²
  public var squaredLogSumExp = 0.0
  /// Scored tokens.
  public var tokens = 0
}

/// Writes d(scale · Σ loss)/dh into `dHidden`, adds d(scale · Σ loss)/dE to `dTable`.
///
/// - Parameters:
///   - hidden: h [n, D]
///   - table: E [V, D]
///   - targets: y [n]; −1 is not scored
///   - scale: of the gradients, e.g. 1 / tokens of the batch; the sums returned are not scaled
///   - zLoss: c
@inline(never)
public func crossEntropyBackpropagate(
  _ hidden: Matrix, table: Matrix, targets: [Int32], scale: Float, zLoss: Float,
  into dHidden: Matrix, addingTo dTable: Matrix, _ arena: Arena
) -> CrossEntropySum {
  precondition(targets.count == hidden.rows && dHidden.rows == hidden.rows)
  let mark = arena.mark
  defer { arena.rewind(to: mark) }
  let logits = logitChunk(hidden, table, arena)
  let results = arena.matrix(logits.rows, 2)
  var sums = CrossEntropySum()
  func share(_ count: Int, inUnitsOf unit: Int, _ body: (Range<Int>, Arena) -> Void) {
    arena.share(count, inUnitsOf: unit) { part, arena in
      let clock = KernelClock.start()
      defer { KernelClock.stop(.head, since: clock) }
      body(part, arena)
    }
  }
  for start in stride(from: 0, to: hidden.rows, by: logits.rows) {
    let rows = start..<min(start + logits.rows, hidden.rows)
    let (h, dh) = (hidden[rows: rows], dHidden[rows: rows])
    let z = logits[rows: 0..<rows.count]
    share(table.rows, inUnitsOf: 16) { part, arena in
      product(h, transposed: table[rows: part], into: z[columns: part], arena)
    }
    share(rows.count, inUnitsOf: 1) { part, _ in
      for row in part {
        lossBackward(
          z.pointer(row: row), table.rows, target: Int(targets[rows.lowerBound + row]),
          scale: scale, zLoss: zLoss, result: results.pointer(row: row))
      }
    }
    for row in 0..<rows.count where targets[rows.lowerBound + row] >= 0 {
      let (loss, logSum) = (results[row, 0], results[row, 1])
      sums.crossEntropy += Double(loss)
      sums.squaredLogSumExp += Double(logSum) * Double(logSum)
      sums.tokens += 1
    }
    share(table.columns, inUnitsOf: 16) { part, arena in
      product(z, table[columns: part], into: dh[columns: part], arena)
    }
    share(table.rows, inUnitsOf: 16) { part, arena in
      product(transposed: z[columns: part], h, addingTo: dTable[rows: part], arena)
    }
  }
  return sums
}

/// dz in place of the logits z of one token, its loss and its logsumexp into `result`.
private func lossBackward(
  _ z: Floats, _ count: Int, target: Int, scale: Float, zLoss: Float, result: Floats
) {
  precondition(target >= -1 && target < count, "target outside the vocabulary")
  guard target >= 0 else { return z.update(repeating: 0, count: count) }
  let targetLogit = z[target]
  let (logSum, inverse) = exponentiate(z, count)
  result[0] = logSum - targetLogit
  result[1] = logSum
  let factor = scale * (1 + 2 * zLoss * logSum) * inverse
  for i in 0..<count { z[i] *= factor }
  z[target] -= scale
}

/// Room for the logits of a chunk: enough rows that packing the table for them hardly counts, few
/// enough to stay in cache. A row ends in 16 floats that are not used: columns are read too, and rows a
/// power of two apart would share a few lines of the cache.
func logitChunk(_ hidden: Matrix, _ table: Matrix, _ arena: Arena) -> Matrix {
  let rows = min(hidden.rows, max(256, min(512, (1 << 18) / table.rows)))
  return arena.matrix(rows, table.rows + 16)[columns: 0..<table.rows]
}

@inline(__always)
private func maximum(_ z: Floats, _ count: Int) -> Float {
  var m0 = Float8(repeating: -.greatestFiniteMagnitude)
  var m1 = m0
  var i = 0
  while i + 16 <= count {
    m0 = larger(m0, z.vector(i))
    m1 = larger(m1, z.vector(i + 8))
    i += 16
  }
  forEachVector(count - i) { j, lanes in
    m0 = larger(m0, z.vector(i + j, lanes, rest: -.greatestFiniteMagnitude))
  }
  return largest(larger(m0, m1))
}

/// max z and logsumexp(z), leaving z as it is.
func logSumExp(_ z: Floats, _ count: Int) -> (top: Float, logSum: Float) {
  if CPU.hasWideVectors {
    let (top, total) = wideExponentials(z, count, replacing: false)
    return (top, top + log(total))
  }
  let top = maximum(z, count)
  var s0 = Float8.zero
  var s1 = Float8.zero
  var i = 0
  while i + 16 <= count {
    s0 += exp(z.vector(i) - top)
    s1 += exp(z.vector(i + 8) - top)
    i += 16
  }
  var rest: Float = 0
  while i < count {
    rest += exp(Float8(repeating: z[i] - top))[0]
    i += 1
  }
  return (top, top + log(sum(s0 + s1) + rest))
}

/// z ← exp(z − max z); returns logsumexp(z) and 1 / Σ exp(z − max z).
private func exponentiate(_ z: Floats, _ count: Int) -> (logSum: Float, inverse: Float) {
  if CPU.hasWideVectors {
    let (top, total) = wideExponentials(z, count, replacing: true)
    return (top + log(total), 1 / total)
  }
  let top = maximum(z, count)
  var s0 = Float8.zero
  var s1 = Float8.zero
  var i = 0
  while i + 16 <= count {
    let (e0, e1) = (exp(z.vector(i) - top), exp(z.vector(i + 8) - top))
    z.store(e0, i)
    z.store(e1, i + 8)
    s0 += e0
    s1 += e1
    i += 16
  }
  var rest: Float = 0
  while i < count {
    z[i] = exp(Float8(repeating: z[i] - top))[0]
    rest += z[i]
    i += 1
  }
  let total = sum(s0 + s1) + rest
  return (top + log(total), 1 / total)
}
