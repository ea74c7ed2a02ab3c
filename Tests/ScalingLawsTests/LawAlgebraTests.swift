import Foundation
import ScalingLaws
import Testing

/// Identities of the laws, and published check values.
struct LawAlgebraTests {
  let tied = OverTrainingLaw(E: 1.8366, a: 212.2, b: 366.7, eta: 0.1364)
  let free = ChinchillaLaw(E: 1.69, A: 406.4, B: 410.7, alpha: 0.336, beta: 0.283)

  /// Table 6: A = a·6^−η, B = b·6^−η, α = 2η, M*.
  @Test func conversions() {
    #expect(abs(tied.parameterCoefficient - 166.2) < 0.1)
    #expect(abs(tied.tokenCoefficient - 287.2) < 0.1)
    #expect(tied.exponent == 2 * 0.1364)
    #expect(abs(tied.a - 212.2) < 1e-10)
    #expect(abs((tied.optimalTokenMultiplier ?? 0) - 7.42) < 0.02)
  }

  @Test func computeFormEqualsSizeForm() {
    for (c, m) in [(1e15, 5.0), (3e18, 20), (1e21, 640)] {
      let direct = tied.irreducibleLoss + tied.offset(tokenMultiplier: m) * pow(c, -0.1364)
      #expect(abs(tied.loss(compute: c, tokenMultiplier: m) / direct - 1) < 1e-12)
    }
  }

  /// Lines of different M are parallel: the reducible loss falls by 10^−η a decade at every M.
  @Test func slope() {
    for m in [5.0, 640] {
      let ratio =
        (tied.loss(compute: 1e20, tokenMultiplier: m) - tied.irreducibleLoss)
        / (tied.loss(compute: 1e19, tokenMultiplier: m) - tied.irreducibleLoss)
      #expect(abs(ratio - pow(10, -0.1364)) < 1e-10)
    }
  }

  /// η = 0.1364, m = 32 gives 1.114 in reducible loss and 2.2 times the compute.
  @Test func overTrainingPenalty() throws {
    let m = try #require(tied.optimalTokenMultiplier) * 32
    let penalty = try #require(tied.overTrainingPenalty(tokenMultiplier: m))
    #expect(abs(penalty - 1.114) < 1e-3)
    let factor = try #require(tied.overTrainingComputeFactor(tokenMultiplier: m))
    #expect(abs(factor - 2.2) < 0.05)
    let best = try #require(tied.optimalTokenMultiplier)
    let reducible = { (c: Double, m: Double) in
      self.tied.loss(compute: c, tokenMultiplier: m) - self.tied.irreducibleLoss
    }
    #expect(abs(reducible(1e19, m) / reducible(1e19, best) - penalty) < 1e-12)
    #expect(abs(reducible(1e19 * factor, m) / reducible(1e19, best) - 1) < 1e-12)
  }

  /// Nothing beats the optimum at its compute.
  @Test func optimumIsOptimal() throws {
    for law in [free as any LossLaw, tied] {
      let c = 1e19
      let optimum = try #require(
        law is ChinchillaLaw ? free.optimum(compute: c) : tied.optimum(compute: c))
      #expect(abs(6 * optimum.parameters * optimum.tokens / c - 1) < 1e-12)
      let m = optimum.tokens / optimum.parameters
      let best = law.loss(compute: c, tokenMultiplier: m)
      for factor in [0.9, 0.99, 1.01, 1.1] {
        #expect(law.loss(compute: c, tokenMultiplier: m * factor) > best)
      }
    }
    #expect(
      free.optimalTokenMultiplier(compute: 1e23) != free.optimalTokenMultiplier(compute: 1e19))
  }

  /// A law without one of its terms has no optimum.
  @Test func degenerate() {
    #expect(OverTrainingLaw(E: 1, A: 0, B: 3, alpha: 0.3).optimalTokenMultiplier == nil)
    #expect(ChinchillaLaw(E: 1, A: 2, B: 0, alpha: 0.3, beta: 0.2).optimum(compute: 1e9) == nil)
  }

  @Test func errorLaw() {
    let law = ErrorLaw(epsilon: 0.85, k: 2.08, gamma: 0.756)
    #expect(abs(law.error(atLoss: 2.3) - (0.85 - 2.08 * exp(-0.756 * 2.3))) < 1e-15)
    let slope = (law.error(atLoss: 2.3001) - law.error(atLoss: 2.2999)) / 2e-4
    #expect(abs(law.slope(atLoss: 2.3) - slope) < 1e-8)
  }
}
