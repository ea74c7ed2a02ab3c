import Foundation

// Su et al. 2021, with the halves of a head rotated against each other (GPT-NeoX, Llama):
//   y₁ = x₁ cos − x₂ sin        y₂ = x₂ cos + x₁ sin
// at angle t·base^(−2i/W) for position t and i < W/2. The way back is the rotation by −angle.

/// The cosines and sines of a context, one row per position.
public struct RotaryTable: Sendable {
  let cosines: Matrix  // [T, W/2]
  let sines: Matrix  // [T, W/2]

  /// Angles for `positions` positions and heads of `headWidth`.
  public init(positions: Int, headWidth: Int, base: Double) {
    precondition(headWidth.isMultiple(of: 2))
    let half = headWidth / 2
    cosines = Matrix(rows: positions, columns: half)
    sines = Matrix(rows: positions, columns: half)
    for t in 0..<positions {
      for i in 0..<half {
        let angle = Double(t) * pow(base, -Double(2 * i) / Double(headWidth))
        cosines[t, i] = Float(cos(angle))
        sines[t, i] = Float(sin(angle))
      }
    }
  }
}

/// Rotates each head of x [B·T, heads·W] in place by the angle of its position n mod T.
@inline(never)
public func rotaryForward(_ x: Matrix, table: RotaryTable, length: Int) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.rotary, since: clock) }
  rotate(x, table, length, sign: 1)
}

/// Rotates each head of dx [B·T, heads·W] back, in place.
@inline(never)
public func rotaryBackward(_ dx: Matrix, table: RotaryTable, length: Int) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.rotary, since: clock) }
  rotate(dx, table, length, sign: -1)
}

private func rotate(_ x: Matrix, _ table: RotaryTable, _ length: Int, sign: Float) {
  let half = table.cosines.columns
  let width = 2 * half
  let heads = x.columns / width
  precondition(x.columns == heads * width && x.rows.isMultiple(of: length))
  precondition(length <= table.cosines.rows)
  for n in 0..<x.rows {
    let x = x.pointer(row: n)
    let cosines = table.cosines.pointer(row: n % length)
    let sines = table.sines.pointer(row: n % length)
    if half == 4 {  // a head is one vector, its halves change places
      let c = cosines.vector(0, 4).lowHalf
      let s = sines.vector(0, 4).lowHalf * sign
      let (cosine, sine) = (Float8(lowHalf: c, highHalf: c), Float8(lowHalf: -s, highHalf: s))
      for head in 0..<heads {
        let v = x.vector(head * 8)
        let swapped = Float8(lowHalf: v.highHalf, highHalf: v.lowHalf)
        x.store((v * cosine).addingProduct(swapped, sine), head * 8)
      }
    } else {
      for head in 0..<heads {
        let first = x + head * width
        let second = first + half
        @inline(__always)
        func vector(_ i: Int, _ lanes: Int) {
          let (a, b) = (first.vector(i, lanes), second.vector(i, lanes))
          let (cosine, sine) = (cosines.vector(i, lanes), sines.vector(i, lanes) * sign)
          first.store((a * cosine).addingProduct(-b, sine), i, lanes)
          second.store((b * cosine).addingProduct(a, sine), i, lanes)
        }
        forEachVector(half, vector)
      }
    }
  }
}
