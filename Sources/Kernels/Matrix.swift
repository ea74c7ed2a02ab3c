import Foundation

// Letters of shapes in this module: n rows of a matrix, mostly B·T; B sequences, T positions, D width of
// the residual stream, H heads, G heads of keys and values, W width of a head or of what is normalised
// together, F outputs or hidden width, V vocabulary.

/// Memory that lives as long as a `Matrix` looks at it.
final class Storage: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let count: Int
  private let isMapped: Bool

  /// `count` floats, aligned to a cache line, not initialised.
  ///
  /// Many of them are pages of their own, which take memory when they are first written to, and give
  /// it back in the end whatever else the heap holds.
  init(count: Int) {
    self.count = count
    let bytes = max(1, count) * MemoryLayout<Float>.stride
    let pages =
      bytes < 1 << 20
      ? MAP_FAILED
      : mmap(
        nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    isMapped = pages != MAP_FAILED
    let start =
      if let pages, isMapped { pages } else {
        UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      }
    base = start.bindMemory(to: Float.self, capacity: max(1, count))
  }

  deinit {
    if isMapped {
      munmap(base, count * MemoryLayout<Float>.stride)
    } else {
      UnsafeMutableRawPointer(base).deallocate()
    }
  }
}

/// A row-major view of floats. It retains its storage and has the semantics of a reference: a copy
/// of a `Matrix` sees the same numbers.
///
/// Public kernels are `@inline(never)`: the caller holds the storage through the call.
public struct Matrix: @unchecked Sendable {
  /// How many rows.
  public let rows: Int
  /// How many columns.
  public let columns: Int
  /// Floats from one row to the next; more than `columns` in a view of some columns.
  public let stride: Int
  let storage: Storage
  let base: UnsafeMutablePointer<Float>

  init(_ storage: Storage, offset: Int, rows: Int, columns: Int, stride: Int) {
    precondition(rows >= 0 && columns >= 0 && offset >= 0 && stride >= columns)
    precondition(rows == 0 || offset + (rows - 1) * stride + columns <= storage.count)
    self.rows = rows
    self.columns = columns
    self.stride = stride
    self.storage = storage
    base = storage.base + offset
  }

  /// A matrix of zeros with storage of its own.
  public init(rows: Int, columns: Int) {
    self.init(
      Storage(count: rows * columns), offset: 0, rows: rows, columns: columns, stride: columns)
    base.initialize(repeating: 0, count: rows * columns)
  }

  /// A matrix with storage of its own that holds `values`, row by row.
  public init(rows: Int, columns: Int, _ values: [Float]) {
    precondition(values.count == rows * columns)
    self.init(rows: rows, columns: columns)
    values.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { base.update(from: start, count: values.count) }
    }
  }

  private var offset: Int { base - storage.base }

  /// The element in `row` and `column`.
  public subscript(row: Int, column: Int) -> Float {
    get {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns)
      return base[row * stride + column]
    }
    nonmutating set {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns)
      base[row * stride + column] = newValue
    }
  }

  /// A view of the rows in `range`.
  public subscript(rows range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    return Matrix(
      storage, offset: offset + range.lowerBound * stride, rows: range.count, columns: columns,
      stride: stride)
  }

  /// A view of the columns in `range`.
  public subscript(columns range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns)
    return Matrix(
      storage, offset: offset + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// Whether row follows row without a gap.
  public var isContiguous: Bool { stride == columns || rows <= 1 }

  /// The same numbers as `rows` × `columns`.
  public func reshaped(_ rows: Int, _ columns: Int) -> Matrix {
    precondition(isContiguous && rows * columns == self.rows * self.columns)
    return Matrix(storage, offset: offset, rows: rows, columns: columns, stride: columns)
  }

  /// All elements, row by row.
  public var values: [Float] {
    get {
      (0..<rows).flatMap { row in
        UnsafeBufferPointer(start: base + row * stride, count: columns)
      }
    }
    nonmutating set {
      precondition(newValue.count == rows * columns)
      newValue.withUnsafeBufferPointer { source in
        guard let start = source.baseAddress else { return }
        for row in 0..<rows {
          (base + row * stride).update(from: start + row * columns, count: columns)
        }
      }
    }
  }

  /// Sets every element to `value`.
  @inline(never)
  public func fill(_ value: Float) {
    for row in 0..<rows { (base + row * stride).update(repeating: value, count: columns) }
  }

  func pointer(row: Int) -> UnsafeMutablePointer<Float> { base + row * stride }
}
