import Foundation

/// Loss within one run under a learning-rate schedule (Tissue et al. 2024, arXiv 2408.11029):
///
///     L(s) = L₀ + A·S₁^−α − C·S₂
///     S₁ = Σ_{i≤s} ηᵢ     S₂ = Σ_{i≤s} mᵢ     mᵢ = λ·mᵢ₋₁ + (ηᵢ₋₁ − ηᵢ)
///
/// S₁ is the area under the schedule, S₂ the annealing so far, with momentum λ: loss falls with the
/// first as a power, and at once when the rate falls. All coefficients ≥ 0.
public struct AnnealingLaw: Equatable, Sendable {
  /// L₀, in nats per token.
  public let floor: Double
  /// A.
  public let areaCoefficient: Double
  /// α.
  public let areaExponent: Double
  /// C, in nats per unit of S₂.
  public let annealingCoefficient: Double

  /// L = L₀ + A·S₁^−α − C·S₂.
  public init(L0: Double, A: Double, alpha: Double, C: Double) {
    floor = L0
    areaCoefficient = A
    areaExponent = alpha
    annealingCoefficient = C
  }

  /// L at the areas S₁ and S₂.
  public func loss(area: Double, annealing: Double) -> Double {
    floor + areaCoefficient * pow(area, -areaExponent) - annealingCoefficient * annealing
  }
}

/// Columns 1, S₁^−α, −S₂ at x = (ln S₁, S₂).
extension AnnealingLaw: SeparableLaw {
  /// L₀, A, C.
  public static var columns: Int { 3 }
  /// L₀, A and C.
  public static var columnNames: [String] { ["L0", "A", "C"] }
  /// α.
  public static var exponentRanges: [ClosedRange<Double>] { [0.02...3] }
  /// Steps of about 0.03.
  public static var gridPoints: Int { 100 }

  /// 1, e^{−αx}, −S₂.
  public static func row(_ x: SIMD2<Double>, _ exponents: SIMD2<Double>) -> SIMD3<Double> {
    SIMD3(1, exp(-exponents.x * x.x), -x.y)
  }

  /// −A·x·e^{−αx}.
  public static func exponentDerivatives(
    _ x: SIMD2<Double>, _ exponents: SIMD2<Double>, _ coefficients: SIMD3<Double>
  ) -> SIMD2<Double> {
    SIMD2(-coefficients.y * x.x * exp(-exponents.x * x.x), 0)
  }

  /// Undoes the shift: A = θ₁·e^{α·center}, L₀ = θ₀ + C·center.
  public init(exponents: SIMD2<Double>, coefficients: SIMD3<Double>, center: SIMD2<Double>) {
    self.init(
      L0: coefficients.x + coefficients.z * center.y,
      A: coefficients.y * exp(exponents.x * center.x), alpha: exponents.x, C: coefficients.z)
  }

  /// L at (ln S₁, S₂).
  public func value(at coordinates: SIMD2<Double>) -> Double {
    loss(area: exp(coordinates.x), annealing: coordinates.y)
  }
}

/// S₁ and S₂ of a schedule after every step.
public struct AnnealingAreas: Sendable {
  /// S₁ after step s, at s − 1.
  public let area: [Double]
  /// S₂ after step s, at s − 1.
  public let annealing: [Double]

  /// - Parameters:
  ///   - rates: η of every step
  ///   - warmupSteps: steps over which the rate rises, which are no annealing
  ///   - momentum: λ
  public init(rates: [Double], warmupSteps: Int, momentum: Double) {
    var (sum, memory, annealed) = (0.0, 0.0, 0.0)
    var (area, annealing) = ([Double](), [Double]())
    for i in rates.indices {
      sum += rates[i]
      if i > warmupSteps { memory = momentum * memory + rates[i - 1] - rates[i] }
      annealed += memory
      area.append(sum)
      annealing.append(annealed)
    }
    self.area = area
    self.annealing = annealing
  }
}

extension AnnealingLaw {
  /// The law that fits losses at S₁ and S₂ best; nil for fewer than five different S₁.
  public init?(
    fitting samples: [(area: Double, annealing: Double, loss: Double)],
    objective: Objective = .huber
  ) {
    guard Set(samples.map(\.area)).count >= 5 else { return nil }
    self =
      FittedLaw<AnnealingLaw>(
        coordinates: samples.map { SIMD2(log($0.area), $0.annealing) },
        values: samples.map(\.loss), objective: objective
      ).law
  }
}
