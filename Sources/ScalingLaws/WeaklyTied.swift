import Foundation

/// A law whose two exponents are expected to be near each other: ln α − ln β ~ Normal(0, τ²).
///
/// Ten runs hardly tell α from β: free, they run into valleys of the objective far from any exponent
/// ever published; equal, a real difference becomes a bias. A weak tie keeps what is known. Published
/// pairs differ by .05 (Besiroglu et al.), .19 (Hoffmann et al.), .30 (Kaplan et al.), .29 and .49
/// (Sardana et al.) in ln(α/β), whose root mean square is τ = 0.3. Without a floor exponents are local
/// slopes, which also carry their share of it, and τ is twice that.
///
/// In backtests (`BacktestTests`) it is as good as α = β, and far better than α ≠ β.
public struct WeaklyTied<Base: LossLaw & SeparableLaw>: LossLaw {
  /// The law as it was found.
  public let base: Base

  /// E of the law.
  public var irreducibleLoss: Double { base.irreducibleLoss }
  /// The coefficients of the law.
  public var coefficients: [Coefficient] { base.coefficients }
  /// L(N, D) of the law.
  public func loss(parameters: Double, tokens: Double) -> Double {
    base.loss(parameters: parameters, tokens: tokens)
  }
}

/// The base's columns, with a tie.
extension WeaklyTied: SeparableLaw {
  /// 0.3, and 0.6 without a floor.
  public static var exponentTie: Double? { Base.columnNames[0] == "E" ? 0.3 : 0.6 }
  /// As the base's.
  public static var columns: Int { Base.columns }
  /// As the base's.
  public static var columnNames: [String] { Base.columnNames }
  /// As the base's.
  public static var exponentNames: [String] { Base.exponentNames }
  /// As the base's.
  public static var exponentRanges: [ClosedRange<Double>] { Base.exponentRanges }
  /// As the base's.
  public static var gridPoints: Int { Base.gridPoints }
  /// As the base's.
  public static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double> {
    Base.row(x, exponents)
  }
  /// As the base's.
  public static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double> {
    Base.exponentDerivatives(x, exponents, coefficients)
  }
  /// As the base's.
  public init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>) {
    base = Base(exponents: exponents, coefficients: coefficients, center: center)
  }
}
