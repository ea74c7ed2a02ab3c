// Vectors of sixteen floats: VectorMath.swift's, twice as wide. Lane by lane the operations are the
// same and in the same order, so the bits are the same.

typealias Float16s = SIMD16<Float>

extension UnsafeMutablePointer where Pointee == Float {
  @inline(__always)
  func wide(_ i: Int) -> Float16s { UnsafeRawPointer(self + i).loadUnaligned(as: Float16s.self) }

  /// Elements i ..< i + lanes, and zeros in the other lanes.
  @inline(__always)
  func wide(_ i: Int, _ lanes: Int) -> Float16s {
    if lanes == 16 { return wide(i) }
    var v = Float16s.zero
    for lane in 0..<lanes { v[lane] = self[i + lane] }
    return v
  }

  @inline(__always)
  func store(_ v: Float16s, _ i: Int) {
    UnsafeMutableRawPointer(self + i).storeBytes(of: v, as: Float16s.self)
  }

  /// Sets elements i ..< i + lanes.
  @inline(__always)
  func store(_ v: Float16s, _ i: Int, _ lanes: Int) {
    if lanes == 16 { return store(v, i) }
    for lane in 0..<lanes { self[i + lane] = v[lane] }
  }
}

/// The larger, lane by lane.
@inline(__always)
func larger(_ a: Float16s, _ b: Float16s) -> Float16s { a.replacing(with: b, where: b .> a) }

/// eˣ as in VectorMath.swift.
@inline(__always)
func exp(_ x: Float16s) -> Float16s {
  let top = Float16s(repeating: 88)
  let bottom = Float16s(repeating: -87)
  let x = x.replacing(with: top, where: x .> top).replacing(with: bottom, where: x .< bottom)
  let magic = Float16s(repeating: 12_582_912)
  let shifted = magic.addingProduct(x, Float16s(repeating: 1.442_695_040_888_963))
  let n = shifted - magic
  let r = x.addingProduct(n, Float16s(repeating: -0.693_359_375))
    .addingProduct(n, Float16s(repeating: 2.121_944_400_546_905_8e-4))
  var p = Float16s(repeating: 1.987_569_15e-4)
  p = Float16s(repeating: 1.398_199_950_7e-3).addingProduct(p, r)
  p = Float16s(repeating: 8.333_451_907_3e-3).addingProduct(p, r)
  p = Float16s(repeating: 4.166_579_589_4e-2).addingProduct(p, r)
  p = Float16s(repeating: 1.666_666_545_9e-1).addingProduct(p, r)
  p = Float16s(repeating: 5.000_000_120_1e-1).addingProduct(p, r)
  let e = (r + 1).addingProduct(p, r * r)
  let exponent = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< 23
  return unsafeBitCast(unsafeBitCast(e, to: SIMD16<Int32>.self) &+ exponent, to: Float16s.self)
}
