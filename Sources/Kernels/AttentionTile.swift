// What the inner products of attention read: one head at a time, packed into rows of whole vectors,
// and tiles of its queries.

/// Queries of a tile: two vectors. The bits do not depend on it.
let tile = CPU.hasWideVectors ? 32 : 16

/// The queries of a tile that see key `j`: those at `start + offset + lane` ≥ j.
@inline(__always)
func sees(_ j: Int, from start: Int, _ offset: Int) -> SIMDMask<SIMD8<Int32>> {
  Float8(0, 1, 2, 3, 4, 5, 6, 7) .>= Float(j - start - offset)
}

/// Copies one head of sequence `b`, times `factor`, to rows of whole vectors; rows beyond T and
/// columns beyond W are zeros.
func packHead(
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
func unpackHead(
  _ packed: Floats, _ destination: Matrix, _ row: Int, _ column: Int, _ shape: AttentionShape,
  rows: Int, times factor: Float = 1
) {
  let width = shape.paddedWidth
  for t in 0..<rows {
    let (from, to) = (packed + t * width, destination.pointer(row: row + t) + column)
    forEachVector(shape.headWidth) { c, lanes in to.store(from.vector(c) * factor, c, lanes) }
  }
}

/// A tile of packed rows [tile, columns] as [columns, tile].
func transposeTile(_ rows: Floats, columns: Int, into turned: Floats) {
  let tile = tile
  for r in stride(from: 0, to: tile, by: 8) {
    for c in stride(from: 0, to: columns, by: 8) {
      transpose8x8(rows + r * columns + c, row: columns, into: turned + c * tile + r, row: tile)
    }
  }
}
