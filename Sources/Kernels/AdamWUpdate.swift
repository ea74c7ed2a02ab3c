import Foundation

/// One AdamW step (Loshchilov & Hutter 2017) on the elements in `range`. With g = s·gradient,
///   θ ← θ (1 − decay)
///   m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
///   θ ← θ − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
///
/// - Parameters:
///   - step: t, from 1
///   - decay: the share of θ that is lost in this step; independent of the learning rate unless the
///     caller multiplies it in
///   - gradientScale: s, for clipping
@inline(never)
public func adamWUpdate(
  weights: ParameterBuffer, gradients: ParameterBuffer, firstMoment: ParameterBuffer,
  secondMoment: ParameterBuffer, range: Range<Int>, learningRate: Float, beta1: Float,
  beta2: Float, epsilon: Float, step: Int, decay: Float, gradientScale: Float
) {
  let clock = KernelClock.start()
  defer { KernelClock.stop(.optimizer, since: clock) }
  precondition(range.lowerBound >= 0 && range.upperBound <= weights.count && step > 0)
  precondition(gradients.count == weights.count)
  precondition(firstMoment.count == weights.count && secondMoment.count == weights.count)
  let start = range.lowerBound
  let (w, g) = (weights.base + start, gradients.base + start)
  let (m, v) = (firstMoment.base + start, secondMoment.base + start)
  let correction1 = 1 - pow(Double(beta1), Double(step))
  let correction2 = 1 - pow(Double(beta2), Double(step))
  let rate = Float8(repeating: -Float(Double(learningRate) / correction1))
  let root = Float8(repeating: Float(1 / correction2.squareRoot()))
  let keep = Float8(repeating: 1 - decay)
  let rest1 = Float(1 - Double(beta1))
  let rest2 = Float(1 - Double(beta2))
  let (b1, b2) = (Float8(repeating: beta1), Float8(repeating: beta2))
  forEachVector(range.count) { i, lanes in
    let gi = g.vector(i, lanes) * gradientScale
    let mi = (gi * rest1).addingProduct(m.vector(i, lanes), b1)
    let vi = (gi * gi * rest2).addingProduct(v.vector(i, lanes), b2)
    let update = mi / (epsilon + vi.squareRoot() * root)
    m.store(mi, i, lanes)
    v.store(vi, i, lanes)
    w.store((w.vector(i, lanes) * keep).addingProduct(update, rate), i, lanes)
  }
}
