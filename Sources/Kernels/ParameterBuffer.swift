import Foundation

/// One float for every parameter element, in one piece: weights, gradients or moments.
///
/// A reference: who writes it must be alone with it, or with a range of its own.
public final class ParameterBuffer: @unchecked Sendable {
  /// What lies where.
  public let layout: ParameterLayout
  let storage: Storage
  var base: UnsafeMutablePointer<Float> { storage.base }

  /// How many floats.
  public var count: Int { layout.count }

  /// Zeros for the parameters of `layout`.
  public init(_ layout: ParameterLayout) {
    self.layout = layout
    storage = Storage(count: layout.count)
    storage.base.initialize(repeating: 0, count: layout.count)
  }

  /// A view of `parameter`.
  public subscript(_ parameter: Parameter) -> Matrix {
    Matrix(
      storage, offset: parameter.offset, rows: parameter.rows, columns: parameter.columns,
      stride: parameter.columns)
  }

  /// Sets every element to `value`.
  public func fill(_ value: Float) { base.update(repeating: value, count: count) }

  /// The elements of `parameter`, row by row.
  public func values(of parameter: Parameter) -> [Float] { self[parameter].values }

  /// Sets the elements of `parameter`, row by row.
  public func set(_ parameter: Parameter, _ values: [Float]) { self[parameter].values = values }

  /// Copies every element of `other`.
  public func copy(from other: ParameterBuffer) {
    precondition(other.count == count)
    base.update(from: other.base, count: count)
  }

  /// All elements as little-endian bytes.
  public var data: Data { data(of: 0..<count) }

  /// The elements in `range` as little-endian bytes.
  public func data(of range: Range<Int>) -> Data {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return Data(
      bytes: base + range.lowerBound, count: range.count * MemoryLayout<Float>.stride)
  }

  /// Sets all elements from little-endian bytes, of which there must be four per element.
  public func load(_ data: Data) { load(data, into: 0..<count) }

  /// Sets the elements in `range` from little-endian bytes, of which there must be four per element.
  public func load(_ data: Data, into range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    precondition(data.count == range.count * MemoryLayout<Float>.stride)
    data.copyBytes(
      to: UnsafeMutableRawBufferPointer(
        start: base + range.lowerBound, count: data.count))
  }
}

/// b += a, element by element.
public func add(_ a: ParameterBuffer, into b: ParameterBuffer) {
  add(a, into: b, range: 0..<b.count)
}

/// b += a in `range`, so that workers can share the sum.
@inline(never)
public func add(_ a: ParameterBuffer, into b: ParameterBuffer, range: Range<Int>) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.optimizer, since: clock) }
  precondition(a.count == b.count && range.lowerBound >= 0 && range.upperBound <= b.count)
  let (a, b) = (a.base + range.lowerBound, b.base + range.lowerBound)
  for i in 0..<range.count { b[i] += a[i] }
}

/// Σ b² over `range`, accumulated in Double in an order that depends on the range alone.
@inline(never)
public func sumOfSquares(_ b: ParameterBuffer, range: Range<Int>) -> Double {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.optimizer, since: clock) }
  precondition(range.lowerBound >= 0 && range.upperBound <= b.count)
  let p = b.base + range.lowerBound
  var low = SIMD4<Double>.zero
  var high = SIMD4<Double>.zero
  @inline(__always)
  func vector(_ i: Int, _ lanes: Int) {
    let v = p.vector(i, lanes)
    let l = SIMD4<Double>(v.lowHalf)
    let h = SIMD4<Double>(v.highHalf)
    low.addProduct(l, l)
    high.addProduct(h, h)
  }
  forEachVector(range.count, vector)
  let s = low + high
  return (s[0] + s[2]) + (s[1] + s[3])
}
