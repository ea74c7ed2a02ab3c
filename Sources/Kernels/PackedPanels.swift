import WideKernels

// What a block reads of b should lie in the order in which it is read. `pack` copies some rows of b
// into panels of 8, 16 or 24 columns, each panel [depth, width] without gaps, the last one filled up
// with zeros to whole vectors; `multiplyPanels` walks them. A panel of 256 rows stays in the first
// cache while it meets 192 rows of a, which stay in the second.

/// Rows of b that are packed at a time, at most.
let packedDepth = 256
/// Columns of b that are packed at a time, at most.
let packedColumns = 240
/// Rows of a that meet a panel before the next one.
private let rowsPerPass = 192

/// The longest rows that need no packing: 256 of them stay in the first cache as they are.
let plainColumns = 64

/// Floats that `pack` writes for `depth` rows of `columns`.
func packedCount(depth: Int, columns: Int) -> Int { depth * ((columns + 7) / 8 * 8) }

/// Packs b[depth, columns] or, with `transposed`, b[columns, depth]ᵀ.
func pack(
  _ b: Matrix, transposed: Bool, depth: Range<Int>, columns: Range<Int>, into packed: Floats
) {
  var n = columns.lowerBound
  while n < columns.upperBound {
    let width = panelWidth(columns.upperBound - n)
    let panel = packed + (n - columns.lowerBound) * depth.count
    if transposed {
      for i in stride(from: 0, to: width, by: 8) {
        packTransposed(
          b, rows: n + i..<min(n + i + 8, columns.upperBound), depth: depth, into: panel + i,
          row: width)
      }
    } else {
      for k in 0..<depth.count {
        let source = b.pointer(row: depth.lowerBound + k) + n
        let target = panel + k * width
        forEachVector(min(width, columns.upperBound - n)) { i, lanes in
          target.store(source.vector(i, lanes), i)
        }
      }
    }
    n += width
  }
}

/// Up to eight rows of b become columns `row` apart, and missing ones zeros.
private func packTransposed(
  _ b: Matrix, rows: Range<Int>, depth: Range<Int>, into packed: Floats, row: Int
) {
  let source = b.pointer(row: rows.lowerBound) + depth.lowerBound
  var k = 0
  if rows.count == 8 {
    while k + 8 <= depth.count {
      transpose8x8(source + k, row: b.stride, into: packed + k * row, row: row)
      k += 8
    }
  }
  while k < depth.count {
    var v = Float8.zero
    for i in 0..<rows.count { v[i] = source[i * b.stride + k] }
    packed.store(v, k * row)
    k += 1
  }
}

/// c[m, n] = Σₖ a(m, k) b[k, n], or c += …
///
/// - Parameters:
///   - a: a(m, k) at `m * aRow + k * aColumn`, so that it may lie either way round
///   - b: packed by `pack`, or, with `bRow`, rows `bRow` apart of a multiple of 8 columns
///   - c: rows of `columns`, `cRow` apart
@inline(never)
func multiplyPanels(
  rows: Int, columns: Int, depth: Int, _ a: Floats, aRow: Int, aColumn: Int, _ b: Floats,
  bRow: Int?, into c: Floats, cRow: Int, accumulating: Bool
) {
  for first in stride(from: 0, to: rows, by: rowsPerPass) {
    let rows = min(rowsPerPass, rows - first)
    let (a, c) = (a + first * aRow, c + first * cRow)
    var n = 0
    while n < columns {
      let width = panelWidth(columns - n)
      let b = b + (bRow == nil ? n * depth : n)
      if CPU.hasWideVectors && width >= 16 {
        multiplyWidePanel(
          width: width, rows: rows, depth: depth, a, aRow: aRow, aColumn: aColumn, b,
          bRow: bRow ?? width, into: c + n, cRow: cRow, accumulating: accumulating)
      } else {
        multiplyPanel(
          width: width, rows: rows, depth: depth, a, aRow: aRow, aColumn: aColumn, b,
          bRow: bRow ?? width, into: c + n, cRow: cRow, lanes: min(8, columns - n),
          accumulating: accumulating)
      }
      n += width
    }
  }
}
