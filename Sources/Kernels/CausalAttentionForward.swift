// The derivation and the shapes are in CausalAttention.swift.

import WideKernels

/// O of the heads in `groups`. Reads `qkv` [B·T, (H + 2G)·W], writes `o` [B·T, H·W] and, for the way
/// back, m and 1/l into `statistics` [B·H, 2·T].
@inline(never)
public func causalAttentionForward(
  _ qkv: Matrix, _ shape: AttentionShape, _ groups: Range<Int>, into o: Matrix,
  statistics: Matrix, _ arena: Arena
) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.attention, since: clock) }
  let (length, width, tile) = (shape.positions, shape.paddedWidth, tile)
  shape.check(qkv, groups, o, statistics)
  let mark = arena.mark
  defer { arena.rewind(to: mark) }
  let keys = arena.matrix(length, width).base
  let values = arena.matrix(length, width).base
  let queries = arena.matrix(shape.paddedPositions, width).base
  let turned = arena.matrix(width, tile).base
  let scores = arena.matrix(shape.paddedPositions, tile).base
  let output = arena.matrix(tile, width).base
  for index in groups {
    let (b, group) = index.quotientAndRemainder(dividingBy: shape.keyValueHeads)
    packHead(qkv, b, shape.keyColumn(group), shape, rows: length, into: keys)
    packHead(qkv, b, shape.valueColumn(group), shape, rows: length, into: values)
    for head in shape.queryHeads(of: group) {
      let column = shape.queryColumn(head)
      packHead(
        qkv, b, column, shape, rows: shape.paddedPositions, times: shape.scale, into: queries)
      let top = statistics.pointer(row: b * shape.heads + head)
      let inverse = top + length
      for start in stride(from: 0, to: length, by: tile) {
        let seen = min(start + tile, length)
        transposeTile(queries + start * width, columns: width, into: turned)
        multiplyPanels(
          rows: seen, columns: tile, depth: width, keys, aRow: width, aColumn: 1, turned,
          bRow: tile, into: scores, cRow: tile, accumulating: false)
        softmaxColumns(scores, start: start, seen: seen, top: top, inverse: inverse)
        multiplyPanels(
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

/// S ← exp(S − m), 0 where a query does not see the key; stores m and 1/l of each query.
private func softmaxColumns(
  _ s: Floats, start: Int, seen: Int, top: Floats, inverse: Floats
) {
  for offset in stride(from: 0, to: min(tile, seen - start), by: 16) {
    if CPU.hasWideVectors {
      wideSoftmaxColumns(
        s + offset, row: tile, start: start, offset: offset, seen: seen, top: top, inverse: inverse)
      continue
    }
    softmaxColumns(
      s + offset, row: tile, start: start, offset: offset, seen: seen, top: top, inverse: inverse)
  }
}

/// The same for sixteen queries from `start + offset` on, whose scores are at s, rows `row` apart.
@inline(__always)
private func softmaxColumns(
  _ s: Floats, row: Int, start: Int, offset: Int, seen: Int, top: Floats, inverse: Floats
) {
  let lowest = Float8(repeating: -.greatestFiniteMagnitude)
  var (m0, m1) = (lowest, lowest)
  for j in 0..<start {
    m0 = larger(m0, s.vector(j * row))
    m1 = larger(m1, s.vector(j * row + 8))
  }
  for j in start..<seen {
    let (sees0, sees1) = (sees(j, from: start, offset), sees(j, from: start, offset + 8))
    m0 = larger(m0, lowest.replacing(with: s.vector(j * row), where: sees0))
    m1 = larger(m1, lowest.replacing(with: s.vector(j * row + 8), where: sees1))
  }
  var (l0, l1) = (Float8.zero, Float8.zero)
  for j in 0..<start {
    let p0 = exp(s.vector(j * row) - m0)
    let p1 = exp(s.vector(j * row + 8) - m1)
    s.store(p0, j * row)
    s.store(p1, j * row + 8)
    l0 += p0
    l1 += p1
  }
  for j in start..<seen {
    let (sees0, sees1) = (sees(j, from: start, offset), sees(j, from: start, offset + 8))
    let p0 = Float8.zero.replacing(with: exp(s.vector(j * row) - m0), where: sees0)
    let p1 = Float8.zero.replacing(with: exp(s.vector(j * row + 8) - m1), where: sees1)
    s.store(p0, j * row)
    s.store(p1, j * row + 8)
    l0 += p0
    l1 += p1
  }
  let first = start + offset
  let count = seen - first
  top.store(m0, first, min(8, count))
  inverse.store(1 / l0, first, min(8, count))
  if count > 8 {
    top.store(m1, first + 8, min(8, count - 8))
    inverse.store(1 / l1, first + 8, min(8, count - 8))
  }
}
