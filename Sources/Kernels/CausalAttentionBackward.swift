// The derivation and the shapes are in CausalAttention.swift.

import WideKernels

/// Writes the columns of the heads in `groups` of d(loss)/d(qkv) [B·T, (H + 2G)·W] from d(loss)/dO
/// [B·T, H·W], with what the forward pass saw, wrote and saved.
@inline(never)
public func causalAttentionBackward(
  _ dO: Matrix, _ qkv: Matrix, o: Matrix, statistics: Matrix, _ shape: AttentionShape,
  _ groups: Range<Int>, into dQKV: Matrix, _ arena: Arena
) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.attention, since: clock) }
  let (length, width, tile) = (shape.positions, shape.paddedWidth, tile)
  let padded = shape.paddedPositions
  shape.check(qkv, groups, o, statistics)
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
  for index in groups {
    let (b, group) = index.quotientAndRemainder(dividingBy: shape.keyValueHeads)
    packHead(qkv, b, shape.keyColumn(group), shape, rows: length, into: keys)
    packHead(qkv, b, shape.valueColumn(group), shape, rows: length, into: values)
    dKeys.update(repeating: 0, count: length * width)
    dValues.update(repeating: 0, count: length * width)
    for head in shape.queryHeads(of: group) {
      let column = shape.queryColumn(head)
      packHead(qkv, b, column, shape, rows: padded, times: shape.scale, into: queries)
      packHead(dO, b, column, shape, rows: padded, into: dOutput)
      rowDots(dO, o, b, column, shape, into: dots)
      let top = statistics.pointer(row: b * shape.heads + head)
      let inverse = top + length
      for start in stride(from: 0, to: length, by: tile) {
        let seen = min(start + tile, length)
        let (query, dO) = (queries + start * width, dOutput + start * width)
        transposeTile(query, columns: width, into: turned)
        multiplyPanels(
          rows: seen, columns: tile, depth: width, keys, aRow: width, aColumn: 1, turned,
          bRow: tile, into: scores, cRow: tile, accumulating: false)
        transposeTile(dO, columns: width, into: turned)
        multiplyPanels(
          rows: seen, columns: tile, depth: width, values, aRow: width, aColumn: 1, turned,
          bRow: tile, into: dScores, cRow: tile, accumulating: false)
        softmaxColumnsBackward(
          scores, dScores, start: start, seen: seen, top: top, inverse: inverse, dots: dots)
        multiplyPanels(
          rows: seen, columns: width, depth: tile, scores, aRow: tile, aColumn: 1, dO,
          bRow: width, into: dValues, cRow: width, accumulating: true)
        multiplyPanels(
          rows: seen, columns: width, depth: tile, dScores, aRow: tile, aColumn: 1, query,
          bRow: width, into: dKeys, cRow: width, accumulating: true)
        multiplyPanels(
          rows: tile, columns: width, depth: seen, dScores, aRow: 1, aColumn: tile, keys,
          bRow: width, into: dQuery, cRow: width, accumulating: false)
        unpackHead(
          dQuery, dQKV, b * length + start, column, shape, rows: seen - start,
          times: shape.scale)
      }
    }
    unpackHead(dKeys, dQKV, b * length, shape.keyColumn(group), shape, rows: length)
    unpackHead(dValues, dQKV, b * length, shape.valueColumn(group), shape, rows: length)
  }
}

/// S ← P = exp(S − m) / l and dP ← dS = P ⊙ (dP − dots), 0 where a query does not see the key.
private func softmaxColumnsBackward(
  _ s: Floats, _ dP: Floats, start: Int, seen: Int, top: Floats, inverse: Floats, dots: Floats
) {
  let tile = tile
  if CPU.hasWideVectors {
    for offset in stride(from: 0, to: tile, by: 16) {
      wideSoftmaxColumnsBackward(
        s + offset, dP + offset, row: tile, start: start, offset: offset, seen: seen, top: top,
        inverse: inverse, dots: dots)
    }
    return
  }
  for offset in stride(from: 0, to: tile, by: 8) {
    guard offset < seen - start else {  // beyond the last query
      for i in stride(from: offset, to: seen * tile, by: tile) {
        s.store(.zero, i)
        dP.store(.zero, i)
      }
      continue
    }
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
