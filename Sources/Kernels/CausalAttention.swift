// Causal softmax attention (Vaswani et al. 2017) without the T × T matrix, after FlashAttention
// (Dao et al. 2022). Per head, with queries scaled by 1/√W, m = max S and l = Σ exp(S − m) over j ≤ i,
//   S = Q Kᵀ     P = exp(S − m) / l     O = P V
//   dV = Pᵀ dO     dP = dO Vᵀ     dS = P ⊙ (dP − rowsum(dO ⊙ O))     dQ = dS K     dK = dSᵀ Q
// A tile of queries meets only the keys up to its last one. S lies transposed, [keys, tile], so that
// eight queries make a vector: the softmax reduces over rows and needs no horizontal sums. Only the
// largest score m and 1/l, the inverse of the sum, are saved; P is computed again on the way back.

/// How the columns of a [B·T, (H + 2G)·W] matrix of queries, keys and values are to be read.
public struct AttentionShape: Sendable {
  /// B
  public let sequences: Int
  /// T
  public let positions: Int
  /// H
  public let heads: Int
  /// G: heads of keys and values, each serving H/G heads of queries.
  public let keyValueHeads: Int
  /// W
  public let headWidth: Int

  /// All fields, in order.
  public init(
    sequences: Int, positions: Int, heads: Int, keyValueHeads: Int, headWidth: Int
  ) {
    precondition(sequences > 0 && positions > 0 && headWidth > 0)
    precondition(keyValueHeads > 0 && heads.isMultiple(of: keyValueHeads))
    self.sequences = sequences
    self.positions = positions
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headWidth = headWidth
  }

  /// (H + 2G)·W: queries, keys and values side by side.
  public var columns: Int { (heads + 2 * keyValueHeads) * headWidth }
  /// B·T
  public var rows: Int { sequences * positions }

  /// W, filled up to whole vectors with zeros.
  var paddedWidth: Int { (headWidth + 7) / 8 * 8 }
  /// T, filled up to whole tiles with zeros.
  var paddedPositions: Int { (positions + tile - 1) / tile * tile }
  var scale: Float { 1 / Float(headWidth).squareRoot() }

  func queryHeads(of group: Int) -> Range<Int> {
    let each = heads / keyValueHeads
    return group * each..<(group + 1) * each
  }
  func queryColumn(_ head: Int) -> Int { head * headWidth }
  func keyColumn(_ group: Int) -> Int { (heads + group) * headWidth }
  func valueColumn(_ group: Int) -> Int { (heads + keyValueHeads + group) * headWidth }
}

/// Queries of a tile: two vectors.
private let tile = 16

/// O of every head. Writes `o` [B·T, H·W] and, for the way back, m and 1/l into `statistics`
/// [B·H, 2·T].
@inline(never)
public func causalAttentionForward(
  _ qkv: Matrix, _ shape: AttentionShape, into o: Matrix, statistics: Matrix, _ arena: Arena
) {
  let (length, width) = (shape.positions, shape.paddedWidth)
  check(qkv, o, statistics, shape)
  let mark = arena.mark
  defer { arena.rewind(to: mark) }
  let keys = arena.matrix(length, width).base
  let values = arena.matrix(length, width).base
  let queries = arena.matrix(shape.paddedPositions, width).base
  let turned = arena.matrix(width, tile).base
  let scores = arena.matrix(shape.paddedPositions, tile).base
  let output = arena.matrix(tile, width).base
  for b in 0..<shape.sequences {
    for group in 0..<shape.keyValueHeads {
      pack(qkv, b, shape.keyColumn(group), shape, rows: length, into: keys)
      pack(qkv, b, shape.valueColumn(group), shape, rows: length, into: values)
      for head in shape.queryHeads(of: group) {
        let column = shape.queryColumn(head)
        pack(
          qkv, b, column, shape, rows: shape.paddedPositions, times: shape.scale, into: queries)
        let top = statistics.pointer(row: b * shape.heads + head)
        let inverse = top + length
        for start in stride(from: 0, to: length, by: tile) {
          let seen = min(start + tile, length)
          turn(queries + start * width, columns: width, into: turned)
          multiplyTile(
            rows: seen, columns: tile, depth: width, keys, aRow: width, aColumn: 1, turned,
            bRow: tile, into: scores, cRow: tile, accumulating: false)
          softmaxColumns(scores, start: start, seen: seen, top: top, inverse: inverse)
          multiplyTile(
            rows: tile, columns: width, depth: seen, scores, aRow: 1, aColumn: tile, values,
            bRow: width, into: output, cRow: width, accumulating: false)
          for i in start..<seen {
            let source = output + (i - start) * width
            let o = o.pointer(row: b * length + i) + column
            let scale = inverse[i]
            forEachVector(shape.headWidth) { c, lanes in
              o.store(source.vector(c) * scale, c, lanes)
            }
          }
        }
      }
    }
  }
}

/// Writes d(loss)/d(qkv) from d(loss)/dO, with what the forward pass saw, wrote and saved.
@inline(never)
public func causalAttentionBackward(
  _ dO: Matrix, _ qkv: Matrix, o: Matrix, statistics: Matrix, _ shape: AttentionShape,
  into dQKV: Matrix, _ arena: Arena
) {
  let (length, width) = (shape.positions, shape.paddedWidth)
  let padded = shape.paddedPositions
  check(qkv, o, statistics, shape)
  precondition(dO.rows == o.rows && dO.columns == o.columns)
  precondition(dQKV.rows == qkv.rows && dQKV.columns == qkv.columns)
  let mark = arena.mark
  defer { arena.rewind(to: mark) }
  let keys = arena.matrix(length, width).base
  let values = arena.matrix(length, width).base
  let dKeys = arena.matrix(length, width).base
  let dValues = arena.matrix(length, width).base
  let queries = arena.matrix(padded, width).base
  let dOutput = arena.matrix(padded, width).base
  let dots = arena.matrix(1, padded).base
  let turned = arena.matrix(width, tile).base
  let scores = arena.matrix(padded, tile).base
  let dScores = arena.matrix(padded, tile).base
  let dQuery = arena.matrix(tile, width).base
  dots.initialize(repeating: 0, count: padded)
  for b in 0..<shape.sequences {
    for group in 0..<shape.keyValueHeads {
      pack(qkv, b, shape.keyColumn(group), shape, rows: length, into: keys)
      pack(qkv, b, shape.valueColumn(group), shape, rows: length, into: values)
      dKeys.update(repeating: 0, count: length * width)
      dValues.update(repeating: 0, count: length * width)
      for head in shape.queryHeads(of: group) {
        let column = shape.queryColumn(head)
        pack(qkv, b, column, shape, rows: padded, times: shape.scale, into: queries)
        pack(dO, b, column, shape, rows: padded, into: dOutput)
        rowDots(dO, o, b, column, shape, into: dots)
        let top = statistics.pointer(row: b * shape.heads + head)
        let inverse = top + length
        for start in stride(from: 0, to: length, by: tile) {
          let seen = min(start + tile, length)
          let (query, dO) = (queries + start * width, dOutput + start * width)
          turn(query, columns: width, into: turned)
          multiplyTile(
            rows: seen, columns: tile, depth: width, keys, aRow: width, aColumn: 1, turned,
            bRow: tile, into: scores, cRow: tile, accumulating: false)
          turn(dO, columns: width, into: turned)
          multiplyTile(
            rows: seen, columns: tile, depth: width, values, aRow: width, aColumn: 1, turned,
            bRow: tile, into: dScores, cRow: tile, accumulating: false)
          softmaxColumnsBackward(
            scores, dScores, start: start, seen: seen, top: top, inverse: inverse, dots: dots)
          multiplyTile(
            rows: seen, columns: width, depth: tile, scores, aRow: tile, aColumn: 1, dO,
            bRow: width, into: dValues, cRow: width, accumulating: true)
          multiplyTile(
            rows: seen, columns: width, depth: tile, dScores, aRow: tile, aColumn: 1, query,
            bRow: width, into: dKeys, cRow: width, accumulating: true)
          multiplyTile(
            rows: tile, columns: width, depth: seen, dScores, aRow: 1, aColumn: tile, keys,
            bRow: width, into: dQuery, cRow: width, accumulating: false)
          unpack(
            dQuery, dQKV, b * length + start, column, shape, rows: seen - start,
            times: shape.scale)
        }
      }
      unpack(dKeys, dQKV, b * length, shape.keyColumn(group), shape, rows: length)
      unpack(dValues, dQKV, b * length, shape.valueColumn(group), shape, rows: length)
    }
  }
}

private func check(_ qkv: Matrix, _ o: Matrix, _ statistics: Matrix, _ shape: AttentionShape) {
  precondition(qkv.rows == shape.rows && qkv.columns == shape.columns)
  precondition(o.rows == shape.rows && o.columns == shape.heads * shape.headWidth)
  precondition(statistics.rows == shape.sequences * shape.heads)
  precondition(statistics.columns == 2 * shape.positions)
}

// MARK: - Softmax of a tile

/// The queries of a tile that see key `j`: those at `start + offset + lane` ≥ j.
@inline(__always)
private func sees(_ j: Int, from start: Int, _ offset: Int) -> SIMDMask<SIMD8<Int32>> {
  Float8(0, 1, 2, 3, 4, 5, 6, 7) .>= Float(j - start - offset)
}

/// S ← exp(S − m), 0 where a query does not see the key; stores m and 1/l of each query.
private func softmaxColumns(
  _ s: Floats, start: Int, seen: Int, top: Floats, inverse: Floats
) {
  let lowest = Float8(repeating: -.greatestFiniteMagnitude)
  var (m0, m1) = (lowest, lowest)
  for j in 0..<start {
    m0 = larger(m0, s.vector(j * tile))
    m1 = larger(m1, s.vector(j * tile + 8))
  }
  for j in start..<seen {
    m0 = larger(m0, lowest.replacing(with: s.vector(j * tile), where: sees(j, from: start, 0)))
    m1 = larger(m1, lowest.replacing(with: s.vector(j * tile + 8), where: sees(j, from: start, 8)))
  }
  var (l0, l1) = (Float8.zero, Float8.zero)
  for j in 0..<start {
    let p0 = exp(s.vector(j * tile) - m0)
    let p1 = exp(s.vector(j * tile + 8) - m1)
    s.store(p0, j * tile)
    s.store(p1, j * tile + 8)
    l0 += p0
    l1 += p1
  }
  for j in start..<seen {
    let p0 = Float8.zero.replacing(
      with: exp(s.vector(j * tile) - m0), where: sees(j, from: start, 0))
    let p1 = Float8.zero.replacing(
      with: exp(s.vector(j * tile + 8) - m1), where: sees(j, from: start, 8))
    s.store(p0, j * tile)
    s.store(p1, j * tile + 8)
    l0 += p0
    l1 += p1
  }
  let count = seen - start
  top.store(m0, start, min(8, count))
  inverse.store(1 / l0, start, min(8, count))
  if count > 8 {
    top.store(m1, start + 8, count - 8)
    inverse.store(1 / l1, start + 8, count - 8)
  }
}

/// S ← P = exp(S − m) / l and dP ← dS = P ⊙ (dP − dots), 0 where a query does not see the key.
private func softmaxColumnsBackward(
  _ s: Floats, _ dP: Floats, start: Int, seen: Int, top: Floats, inverse: Floats, dots: Floats
) {
  for offset in stride(from: 0, to: min(tile, seen - start), by: 8) {
    let first = start + offset
    let lanes = min(8, seen - first)
    let (m, scale) = (top.vector(first, lanes), inverse.vector(first, lanes))
    let dot = dots.vector(first)
    for j in 0..<start {
      let i = j * tile + offset
      let p = exp(s.vector(i) - m) * scale
      s.store(p, i)
      dP.store(p * (dP.vector(i) - dot), i)
    }
    for j in start..<seen {
      let i = j * tile + offset
      let p = Float8.zero.replacing(
        with: exp(s.vector(i) - m) * scale, where: sees(j, from: start, offset))
      s.store(p, i)
      dP.store(p * (dP.vector(i) - dot), i)
    }
  }
  guard seen - start <= 8 else { return }
  for j in 0..<seen {
    s.store(.zero, j * tile + 8)
    dP.store(.zero, j * tile + 8)
  }
}

// MARK: - A head, packed

/// Copies one head of sequence `b`, times `factor`, to rows of whole vectors; rows beyond T and
/// columns beyond W are zeros.
private func pack(
  _ source: Matrix, _ b: Int, _ column: Int, _ shape: AttentionShape, rows: Int,
  times factor: Float = 1, into packed: Floats
) {
  let (length, width) = (shape.positions, shape.paddedWidth)
  for t in 0..<length {
    let from = source.pointer(row: b * length + t) + column
    let to = packed + t * width
    forEachVector(shape.headWidth) { c, lanes in to.store(from.vector(c, lanes) * factor, c) }
  }
  (packed + length * width).update(repeating: 0, count: (rows - length) * width)
}

/// Copies packed rows, times `factor`, to one head's columns from `row` on.
private func unpack(
  _ packed: Floats, _ destination: Matrix, _ row: Int, _ column: Int, _ shape: AttentionShape,
  rows: Int, times factor: Float = 1
) {
  let width = shape.paddedWidth
  for t in 0..<rows {
    let (from, to) = (packed + t * width, destination.pointer(row: row + t) + column)
    forEachVector(shape.headWidth) { c, lanes in to.store(from.vector(c) * factor, c, lanes) }
  }
}

/// Σ dO ⊙ O of each query of one head.
private func rowDots(
  _ dO: Matrix, _ o: Matrix, _ b: Int, _ column: Int, _ shape: AttentionShape, into dots: Floats
) {
  for t in 0..<shape.positions {
    let row = b * shape.positions + t
    let (dO, o) = (dO.pointer(row: row) + column, o.pointer(row: row) + column)
    var products = Float8.zero
    forEachVector(shape.headWidth) { c, lanes in
      products.addProduct(dO.vector(c, lanes), o.vector(c, lanes))
    }
    dots[t] = sum(products)
  }
}

/// A tile of packed rows [tile, columns] as [columns, tile].
private func turn(_ rows: Floats, columns: Int, into turned: Floats) {
  for c in stride(from: 0, to: columns, by: 8) {
    transpose8x8(rows + c, row: columns, into: turned + c * tile, row: tile)
    transpose8x8(rows + 8 * columns + c, row: columns, into: turned + c * tile + 8, row: tile)
  }
}
