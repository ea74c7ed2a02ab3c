import Foundation

/// A hyperbola: y(t) = E + a/(1 + t/τ).
///
/// Within a run, t is tokens or steps, and E the loss that this run would end up with at a constant
/// rate. It is the shape that Xiong et al. 2024 (arXiv 2404.17785) give to loss by position in the
/// context; here it is only that shape, not their law of how its numbers move with training.
public struct HyperbolicLaw: Equatable, Sendable {
  /// E.
  public let floor: Double
  /// a.
  public let height: Double
  /// τ: where half of `height` is gone.
  public let scale: Double

  /// y = E + a/(1 + t/τ).
  public init(E: Double, a: Double, tau: Double) {
    floor = E
    height = a
    scale = tau
  }

  /// y(t).
  public func value(_ t: Double) -> Double { floor + height / (1 + t / scale) }
}

/// Columns 1, 1/(1 + t/τ) at x = (ln t, 0). The exponent is ln τ in shifted coordinates plus ten, for
/// the search wants positive numbers.
extension HyperbolicLaw: SeparableLaw {
  /// E, a.
  public static var columns: Int { 2 }
  /// E and a.
  public static var columnNames: [String] { ["E", "a"] }
  /// ln τ + 10.
  public static var exponentNames: [String] { ["logTau"] }
  /// τ from e⁻⁹ to e⁹ times the middle of the data.
  public static var exponentRanges: [ClosedRange<Double>] { [1...19] }
  /// Steps of about 0.15.
  public static var gridPoints: Int { 120 }

  private static func share(_ x: Double, _ exponent: Double) -> Double {
    1 / (1 + exp(x - (exponent - 10)))
  }

  /// 1, 1/(1 + t/τ).
  public static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double> {
    SIMD3(1, share(x.x, exponents.x), 0)
  }

  /// a·v·(1 − v), v = 1/(1 + t/τ).
  public static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double> {
    let v = share(x.x, exponents.x)
    return SIMD2(coefficients.y * v * (1 - v), 0)
  }

  /// Undoes the shift.
  public init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>) {
    self.init(
      E: coefficients.x, a: coefficients.y, tau: exp(exponents.x - 10 + center.x))
  }

  /// y at (ln t, 0).
  public func value(at coordinates: SIMD2<Double>) -> Double { value(exp(coordinates.x)) }
}

extension HyperbolicLaw {
  /// The hyperbola that fits values at t > 0 best; nil for fewer than four different t.
  public init?(fitting samples: [(t: Double, value: Double)], objective: Objective = .huber) {
    guard Set(samples.map(\.t)).count >= 4 else { return nil }
    self =
      FittedLaw<HyperbolicLaw>(
        coordinates: samples.map { SIMD2(log($0.t), 0) }, values: samples.map(\.value),
        objective: objective
      ).law
  }
}
