import Foundation

/// Average downstream error in validation loss (Gadre et al. 2024, eq. 5):
///
///     Err(L) = ε − k·e^{−γL}
///
/// ε is the error of a model that has learned nothing; a better model has a lower loss and error.
public struct ErrorLaw: Equatable {
  /// ε: the error at infinite loss, near chance.
  public let ceiling: Double
  /// k ≥ 0.
  public let scale: Double
  /// γ, per nat.
  public let rate: Double

  /// Err = ε − k·e^{−γL}.
  public init(epsilon: Double, k: Double, gamma: Double) {
    ceiling = epsilon
    scale = k
    rate = gamma
  }

  /// Err(L).
  public func error(atLoss loss: Double) -> Double { ceiling - scale * exp(-rate * loss) }

  /// ε, k and γ.
  public var coefficients: [Coefficient] {
    [Coefficient("epsilon", ceiling), Coefficient("k", scale), Coefficient("gamma", rate)]
  }

  /// d Err/dL = k·γ·e^{−γL}.
  public func slope(atLoss loss: Double) -> Double { scale * rate * exp(-rate * loss) }
}

/// Columns 1, −e^{−γL} at x = (L, 0).
extension ErrorLaw: SeparableLaw {
  /// ε, k.
  public static var columns: Int { 2 }
  /// γ.
  public static var exponentRanges: [ClosedRange<Double>] { [0.05...5] }
  /// Steps of about 0.05.
  public static var gridPoints: Int { 100 }

  /// 1, −e^{−γl}.
  public static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double> {
    SIMD3(1, -exp(-exponents.x * x.x), 0)
  }

  /// k·l·e^{−γl}.
  public static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double> {
    SIMD2(coefficients.y * x.x * exp(-exponents.x * x.x), 0)
  }

  /// Undoes the shift: k = θ₁·e^{γ·center}.
  public init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>) {
    self.init(
      epsilon: coefficients.x, k: coefficients.y * exp(exponents.x * center.x),
      gamma: exponents.x)
  }

  /// Err at (L, 0).
  public func value(at coordinates: SIMD2<Double>) -> Double { error(atLoss: coordinates.x) }
}
