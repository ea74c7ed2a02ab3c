// The inside of every product, after Goto & van de Geijn 2008. A block of outputs stays in registers
// while the depth is walked: each step loads a vector or three of b, and multiplies them by one
// element of each row of a. Twelve sums keep both multipliers of a core busy; sixteen registers hold
// no more. Each sum runs over k in order, with fused multiply-adds, whatever block it is in: the bits
// of an output do not depend on the rows and columns around it.

/// `rows` × `vectors` sums of eight outputs each.
private typealias Sums<let rows: Int, let vectors: Int> = InlineArray<
  rows, InlineArray<vectors, Float8>
>

/// c[m, n] = Σₖ a(m, k) b[k, n], or c += …, for as many rows as `sums` has; c ends after `lanes` of the
/// last eight columns.
@inline(__always)
private func multiplyBlock<let rows: Int, let vectors: Int>(
  _ sums: Sums<rows, vectors>, depth: Int, _ a: Floats, aRow: Int, aColumn: Int, _ b: Floats,
  bRow: Int, into c: Floats, cRow: Int, lanes: Int, accumulating: Bool
) {
  var sums = sums
  if accumulating {
    for m in 0..<rows { for v in 0..<vectors { sums[m][v] = c.vector(m * cRow + 8 * v, lanes) } }
  }
  var (a, b) = (a, b)
  for _ in 0..<depth {
    var right = InlineArray<vectors, Float8>(repeating: .zero)
    for v in 0..<vectors { right[v] = b.vector(8 * v) }
    for m in 0..<rows {
      let left = Float8(repeating: a[m * aRow])
      for v in 0..<vectors { sums[m][v].addProduct(left, right[v]) }
    }
    a += aColumn
    b += bRow
  }
  for m in 0..<rows { for v in 0..<vectors { c.store(sums[m][v], m * cRow + 8 * v, lanes) } }
}

/// The columns of the next panel, where `left` are left: the widest blocks are the fastest, so the
/// narrowest are taken only where there are no more. The last panel may have less than 8 columns to
/// fill it.
@inline(__always)
func panelWidth(_ left: Int) -> Int {
  if CPU.hasWideVectors && left >= 16 {
    switch left / 16 {
    case 1: return 16
    case 2: return 32
    case 3, 5: return 48
    default: return 64
    }
  }
  switch left / 8 {
  case 0, 1: return 8
  case 2, 4: return 16
  default: return 24
  }
}

/// c[m, n] = Σₖ a(m, k) b[k, n], or c += …, for a panel of 8, 16 or 24 columns, or less than 8.
///
/// - Parameters:
///   - a: a(m, k) at `m * aRow + k * aColumn`, so that it may lie either way round
///   - b: rows of `width`, `bRow` apart
///   - c: rows of `width`, or of the first `lanes` columns if they are less than 8, `cRow` apart
@inline(__always)
func multiplyPanel(
  width: Int, rows: Int, depth: Int, _ a: Floats, aRow: Int, aColumn: Int, _ b: Floats, bRow: Int,
  into c: Floats, cRow: Int, lanes: Int = 8, accumulating: Bool
) {
  @inline(__always)
  func block<let height: Int, let vectors: Int>(
    _ sums: Sums<height, vectors>, _ m: inout Int, lanes: Int = 8
  ) {
    multiplyBlock(
      sums, depth: depth, a + m * aRow, aRow: aRow, aColumn: aColumn, b, bRow: bRow,
      into: c + m * cRow, cRow: cRow, lanes: lanes, accumulating: accumulating)
    m += height
  }
  var m = 0
  switch width {
  case 24:
    while m + 4 <= rows { block(Sums<4, 3>(repeating: .init(repeating: .zero)), &m) }
    while m < rows { block(Sums<1, 3>(repeating: .init(repeating: .zero)), &m) }
  case 16:
    while m + 6 <= rows && m + 8 != rows {
      block(Sums<6, 2>(repeating: .init(repeating: .zero)), &m)
    }
    while m + 4 <= rows { block(Sums<4, 2>(repeating: .init(repeating: .zero)), &m) }
    while m < rows { block(Sums<1, 2>(repeating: .init(repeating: .zero)), &m) }
  default:
    while m + 8 <= rows { block(Sums<8, 1>(repeating: .init(repeating: .zero)), &m, lanes: lanes) }
    while m < rows { block(Sums<1, 1>(repeating: .init(repeating: .zero)), &m, lanes: lanes) }
  }
}
