// Eight floats at a time. These helpers are the idioms that the compiler turns into good AVX2:
// `addingProduct` is a fused multiply-add, `replacing(with:where:)` a max, halves make sums.

typealias Float8 = SIMD8<Float>
typealias Floats = UnsafeMutablePointer<Float>

#if BASELINE && arch(x86_64)
  // Without fused multiply-adds in hardware the library's own is a call for every lane.
  extension SIMD8<Float> {
    @inline(__always)
    func addingProduct(_ a: Self, _ b: Self) -> Self { self + a * b }
    @inline(__always)
    func addingProduct(_ a: Self, _ b: Float) -> Self { self + a * b }
    @inline(__always)
    mutating func addProduct(_ a: Self, _ b: Self) { self += a * b }
  }
#endif

extension UnsafeMutablePointer where Pointee == Float {
  /// Elements i ..< i + 8.
  @inline(__always)
  func vector(_ i: Int) -> Float8 {
    UnsafeRawPointer(self + i).loadUnaligned(as: Float8.self)
  }

  /// Elements i ..< i + lanes, and `rest` in the other lanes.
  @inline(__always)
  func vector(_ i: Int, _ lanes: Int, rest: Float = 0) -> Float8 {
    if lanes == 8 { return vector(i) }
    var v = Float8(repeating: rest)
    for lane in 0..<lanes { v[lane] = self[i + lane] }
    return v
  }

  /// Sets elements i ..< i + 8.
  @inline(__always)
  func store(_ v: Float8, _ i: Int) {
    UnsafeMutableRawPointer(self + i).storeBytes(of: v, as: Float8.self)
  }

  /// Sets elements i ..< i + lanes.
  @inline(__always)
  func store(_ v: Float8, _ i: Int, _ lanes: Int) {
    if lanes == 8 {
      store(v, i)
    } else {
      for lane in 0..<lanes { self[i + lane] = v[lane] }
    }
  }
}

/// Calls `body` with the start and the lanes of each vector of `count` elements; only the last one
/// may have fewer than eight.
///
/// A closure is inlined while it is small; a larger body is a local `@inline(__always)` function, or
/// every vector costs a call.
@inline(__always)
func forEachVector(
  from start: Int = 0, to count: Int, _ body: (_ i: Int, _ lanes: Int) -> Void
) {
  var i = start
  while i + 8 <= count {
    body(i, 8)
    i += 8
  }
  if i < count { body(i, count - i) }
}

@inline(__always)
func forEachVector(_ count: Int, _ body: (_ i: Int, _ lanes: Int) -> Void) {
  forEachVector(to: count, body)
}

/// The sum of the lanes.
@inline(__always)
func sum(_ v: Float8) -> Float {
  let a = v.lowHalf + v.highHalf
  let b = a.lowHalf + a.highHalf
  return b[0] + b[1]
}

/// The larger, lane by lane.
@inline(__always)
func larger(_ a: Float8, _ b: Float8) -> Float8 { a.replacing(with: b, where: b .> a) }

/// The largest lane.
@inline(__always)
func largest(_ v: Float8) -> Float {
  let a = v.lowHalf.replacing(with: v.highHalf, where: v.highHalf .> v.lowHalf)
  let b = a.lowHalf.replacing(with: a.highHalf, where: a.highHalf .> a.lowHalf)
  return b[0] > b[1] ? b[0] : b[1]
}

/// eˣ within 1e-7 relative for x in −87 … 88, and the value at the nearer end outside; NaN stays NaN.
///
/// x = n·ln 2 + r with |r| ≤ ½ ln 2; eʳ is a polynomial of degree 6 and 2ⁿ an addition to the
/// exponent. Adding 1.5·2²³ rounds to an integer, which is left in the low bits.
@inline(__always)
func exp(_ x: Float8) -> Float8 {
  let top = Float8(repeating: 88)
  let bottom = Float8(repeating: -87)
  let x = x.replacing(with: top, where: x .> top).replacing(with: bottom, where: x .< bottom)
  let magic = Float8(repeating: 12_582_912)
  let shifted = magic.addingProduct(x, Float8(repeating: 1.442_695_040_888_963))
  let n = shifted - magic
  let r = x.addingProduct(n, Float8(repeating: -0.693_359_375))
    .addingProduct(n, Float8(repeating: 2.121_944_400_546_905_8e-4))
  var p = Float8(repeating: 1.987_569_15e-4)
  p = Float8(repeating: 1.398_199_950_7e-3).addingProduct(p, r)
  p = Float8(repeating: 8.333_451_907_3e-3).addingProduct(p, r)
  p = Float8(repeating: 4.166_579_589_4e-2).addingProduct(p, r)
  p = Float8(repeating: 1.666_666_545_9e-1).addingProduct(p, r)
  p = Float8(repeating: 5.000_000_120_1e-1).addingProduct(p, r)
  let e = (r + 1).addingProduct(p, r * r)
  let exponent = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &<< 23
  return unsafeBitCast(unsafeBitCast(e, to: SIMD8<Int32>.self) &+ exponent, to: Float8.self)
}

/// 1 / (1 + e⁻ˣ)
@inline(__always)
func sigmoid(_ x: Float8) -> Float8 { 1 / (1 + exp(-x)) }

/// tanh x = 1 − 2 / (e²ˣ + 1)
@inline(__always)
func tanh(_ x: Float8) -> Float8 { 1 - 2 / (exp(x + x) + 1) }

/// eˣ of each value by the polynomial that the kernels use; for tests of its accuracy.
package func exponentials(_ values: [Float]) -> [Float] {
  let m = Matrix(rows: 1, columns: values.count, values)
  forEachVector(values.count) { i, lanes in
    m.base.store(exp(m.base.vector(i, lanes)), i, lanes)
  }
  return m.values
}
