// The register blocks of RegisterBlock.swift on vectors of sixteen, for processors with AVX-512: this
// module alone is compiled for them, and `Kernels` calls it only where they exist. The sums run over k
// in the same order with the same fused multiply-adds, so the bits are the same.

/// `rows` × `vectors` sums of sixteen outputs each.
private typealias Sums<let rows: Int, let vectors: Int> = InlineArray<
  rows, InlineArray<vectors, Float16s>
>

/// c[m, n] = Σₖ a(m, k) b[k, n], or c += …, for as many rows and vectors as `sums` has.
@inline(__always)
private func multiplyBlock<let rows: Int, let vectors: Int>(
  _ sums: Sums<rows, vectors>, depth: Int, _ a: UnsafeMutablePointer<Float>, aRow: Int,
  aColumn: Int, _ b: UnsafeMutablePointer<Float>, bRow: Int,
  into c: UnsafeMutablePointer<Float>, cRow: Int, accumulating: Bool
) {
  var sums = sums
  if accumulating {
    for m in 0..<rows { for v in 0..<vectors { sums[m][v] = c.wide(m * cRow + 16 * v) } }
  }
  var (a, b) = (a, b)
  for _ in 0..<depth {
    var right = InlineArray<vectors, Float16s>(repeating: .zero)
    for v in 0..<vectors { right[v] = b.wide(16 * v) }
    for m in 0..<rows {
      let left = Float16s(repeating: a[m * aRow])
      for v in 0..<vectors { sums[m][v].addProduct(left, right[v]) }
    }
    a += aColumn
    b += bRow
  }
  for m in 0..<rows { for v in 0..<vectors { c.store(sums[m][v], m * cRow + 16 * v) } }
}

/// c[m, n] = Σₖ a(m, k) b[k, n], or c += …, for a panel of 16, 32, 48 or 64 columns.
///
/// - Parameters:
///   - a: a(m, k) at `m * aRow + k * aColumn`, so that it may lie either way round
///   - b: rows of `width`, `bRow` apart
///   - c: rows of `width`, `cRow` apart
@inline(never)
public func multiplyWidePanel(
  width: Int, rows: Int, depth: Int, _ a: UnsafeMutablePointer<Float>, aRow: Int, aColumn: Int,
  _ b: UnsafeMutablePointer<Float>, bRow: Int, into c: UnsafeMutablePointer<Float>, cRow: Int,
  accumulating: Bool
) {
  @inline(__always)
  func block<let height: Int, let vectors: Int>(_ sums: Sums<height, vectors>, _ m: inout Int) {
    multiplyBlock(
      sums, depth: depth, a + m * aRow, aRow: aRow, aColumn: aColumn, b, bRow: bRow,
      into: c + m * cRow, cRow: cRow, accumulating: accumulating)
    m += height
  }
  var m = 0
  switch width {
  case 64:
    while m + 6 <= rows && (rows - m) % 4 != 0 {
      block(Sums<6, 4>(repeating: .init(repeating: .zero)), &m)
    }
    while m + 4 <= rows { block(Sums<4, 4>(repeating: .init(repeating: .zero)), &m) }
    while m < rows { block(Sums<1, 4>(repeating: .init(repeating: .zero)), &m) }
  case 48:
    while m + 6 <= rows && m + 8 != rows {
      block(Sums<6, 3>(repeating: .init(repeating: .zero)), &m)
    }
    while m + 4 <= rows { block(Sums<4, 3>(repeating: .init(repeating: .zero)), &m) }
    while m < rows { block(Sums<1, 3>(repeating: .init(repeating: .zero)), &m) }
  case 32:
    while m + 8 <= rows { block(Sums<8, 2>(repeating: .init(repeating: .zero)), &m) }
    while m + 4 <= rows { block(Sums<4, 2>(repeating: .init(repeating: .zero)), &m) }
    while m < rows { block(Sums<1, 2>(repeating: .init(repeating: .zero)), &m) }
  default:
    precondition(width == 16, "a panel of \(width) columns")
    while m + 8 <= rows { block(Sums<8, 1>(repeating: .init(repeating: .zero)), &m) }
    while m < rows { block(Sums<1, 1>(repeating: .init(repeating: .zero)), &m) }
  }
}
