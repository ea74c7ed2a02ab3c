import Foundation

/// Error as a power of the loss itself:
///
///     Err(L) = ε − k·L^−γ
///
/// The paper's exponential is a power of the perplexity e^L; this one falls more slowly at high loss
/// and faster at low loss.
public struct PowerErrorLaw: Equatable, Sendable {
  /// ε: the error at infinite loss, near chance.
  public let ceiling: Double
  /// k ≥ 0.
  public let scale: Double
  /// γ.
  public let exponent: Double

  /// Err = ε − k·L^−γ.
  public init(epsilon: Double, k: Double, gamma: Double) {
    ceiling = epsilon
    scale = k
    exponent = gamma
  }

  /// Err(L).
  public func error(atLoss loss: Double) -> Double { ceiling - scale * pow(loss, -exponent) }

  /// d Err/dL = k·γ·L^{−γ−1}.
  public func slope(atLoss loss: Double) -> Double {
    scale * exponent * pow(loss, -exponent - 1)
  }

  /// ε, k and γ.
  public var coefficients: [Coefficient] {
    [Coefficient("epsilon", ceiling), Coefficient("k", scale), Coefficient("gamma", exponent)]
  }
}

/// Columns 1, −L^−γ at x = (ln L, 0): those of the exponential law at ln L.
extension PowerErrorLaw: SeparableLaw {
  /// ε, k.
  public static var columns: Int { 2 }
  /// ε and k.
  public static var columnNames: [String] { ["epsilon", "k"] }
  /// γ.
  public static var exponentNames: [String] { ["gamma"] }
  /// γ.
  public static var exponentRanges: [ClosedRange<Double>] { [0.05...20] }
  /// Steps of about 0.13.
  public static var gridPoints: Int { 150 }

  /// 1, −l^−γ.
  public static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double> {
    ErrorLaw.row(x, exponents)
  }

  /// k·ln l·l^−γ.
  public static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double> {
    ErrorLaw.exponentDerivatives(x, exponents, coefficients)
  }

  /// Undoes the shift: k = θ₁·e^{γ·center}.
  public init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>) {
    let law = ErrorLaw(exponents: exponents, coefficients: coefficients, center: center)
    self.init(epsilon: law.ceiling, k: law.scale, gamma: law.rate)
  }

  /// Err at (ln L, 0).
  public func value(at coordinates: SIMD2<Double>) -> Double {
    error(atLoss: exp(coordinates.x))
  }
}
