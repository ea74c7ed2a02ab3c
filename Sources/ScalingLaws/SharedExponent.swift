import Experiment
import Foundation

/// One exponent for several training sets, each with coefficients of its own.
///
/// An exponent is a property of architecture and recipe more than of text, and a handful of runs of
/// one set hardly fix it; the sets together do. The search is one-dimensional: for an exponent, the
/// sets are independent problems. How far a set may leave it is `ExponentSpread`.
struct SharedExponent<Law: SeparableLaw> {
  /// The samples of each set and their grids, in shifted coordinates.
  private let sets: [(samples: [Sample], grid: ExponentGrid<Law>)]
  private let objective: Objective

  init(_ sets: [[Sample]], objective: Objective) {
    precondition(Law.exponentRanges.count == 1)
    self.sets = sets.map { ($0, ExponentGrid($0)) }
    self.objective = objective
  }

  /// The exponent with the least sum of objectives, for values of each set's samples.
  func solve(_ values: [[Sample]]? = nil) -> SIMD2<Double> {
    let copies = values ?? sets.map(\.samples)
    let axis = sets[0].grid.axes[0]
    let rough = axis.indices.map { i in
      zip(sets, copies).reduce(0.0) {
        $0
          + projectRoughly(
            rows: $1.0.grid.rows(i, 0), samples: $1.1, objective: objective
          ).value
      }
    }
    let start = axis.indices.min { rough[$0] < rough[$1] } ?? 0
    func total(_ exponent: Double) -> Double {
      copies.reduce(0) { sum, samples in sum + at(SIMD2(exponent, 0), samples).value }
    }
    let ratio = (5.0.squareRoot() - 1) / 2
    var (low, high) = (axis[max(0, start - 1)], axis[min(axis.count - 1, start + 1)])
    var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
    var (below, above) = (total(left), total(right))
    while high - low > 1e-7 {
      if below <= above {
        (high, right, above) = (right, left, below)
        left = high - ratio * (high - low)
        below = total(left)
      } else {
        (low, left, below) = (left, right, above)
        right = low + ratio * (high - low)
        above = total(right)
      }
    }
    return SIMD2((low + high) / 2, 0)
  }

  /// The best coefficients of one set at an exponent.
  func at(_ exponents: SIMD2<Double>, _ samples: [Sample]) -> VariableProjection<Law>.Optimum {
    let projection = project(
      rows: samples.map { Law.row($0.x, exponents) }, samples: samples, objective: objective,
      iterations: objective == .huber ? 10 : 20)
    let found = VariableProjection<Law>.Optimum(
      exponents: exponents, coefficients: projection.coefficients, value: projection.value)
    return found.polished(samples, objective, holdsExponents: true) ?? found
  }
}

/// How much the exponents of several sets differ beyond their noise.
///
/// The sets' own exponents α_s with standard errors σ_s are taken as draws of Normal(μ, τ²) with noise,
/// and τ² is what is left of their spread (DerSimonian and Laird 1986):
///
///     w = 1/σ²    Q = Σ w·(α_s − ᾱ)²    τ² = max(0, (Q − (k − 1))/(Σw − Σw²/Σw))
///
/// With τ = 0, as wherever noise explains the spread, there is one exponent for all. Otherwise a set
/// keeps the share τ²/(τ² + σ_s²) of its own exponent.
struct ExponentSpread {
  private let variance: Double
  private let own: [(exponent: Double, variance: Double)]
  private let mean: Double

  /// - Parameter own: each set's exponent and the square of its standard error
  init(_ own: [(exponent: Double, variance: Double)]) {
    self.own = own
    let weights = own.map { 1 / max($0.variance, 1e-300) }
    let sum = weights.reduce(0, +)
    func average(_ weights: [Double]) -> Double {
      zip(weights, own).reduce(0) { $0 + $1.0 * $1.1.exponent } / weights.reduce(0, +)
    }
    let center = average(weights)
    let q = zip(weights, own).reduce(0) { sum, set in
      let off = set.1.exponent - center
      return sum + set.0 * off * off
    }
    let spread = sum - weights.reduce(0) { $0 + $1 * $1 } / sum
    let between = spread > 0 ? max(0, (q - Double(own.count - 1)) / spread) : 0
    variance = between
    mean = between > 0 ? average(own.map { 1 / ($0.variance + between) }) : center
  }

  /// The exponent of set `i`, `shared` being that of all sets together.
  func exponent(_ i: Int, shared: Double) -> Double {
    guard variance > 0 else { return shared }
    let share = variance / (variance + own[i].variance)
    return share * own[i].exponent + (1 - share) * mean
  }
}

extension FittedLaw {
  /// The square of the standard error of the one exponent, by these samples alone.
  private var exponentVariance: Double {
    degreesOfFreedom > 0 ? residualSquares / Double(degreesOfFreedom) / information : .infinity
  }

  /// The laws of several sets with one exponent between them, as far as the sets do not differ, and
  /// `count` joint bootstrap draws.
  ///
  /// Each draw makes new points of every set, with that set's own noise, and finds the exponents of
  /// all of them again, so an interval knows that the other sets' runs are noisy too.
  static func sharing(
    _ sets: [[Sample]], objective: Objective, draws count: Int
  ) -> [FittedLaw<Law>] {
    let alone = sets.map { FittedLaw($0, objective: objective) }
    let search = SharedExponent<Law>(alone.map(\.samples), objective: objective)
    func exponents(_ alone: [FittedLaw<Law>], _ shared: Double) -> [SIMD2<Double>] {
      guard alone.allSatisfy({ $0.degreesOfFreedom > 0 }) else {
        return alone.map { _ in SIMD2(shared, 0) }
      }
      let spread = ExponentSpread(alone.map { ($0.exponents.x, $0.exponentVariance) })
      return alone.indices.map { SIMD2(spread.exponent($0, shared: shared), 0) }
    }
    let found = exponents(alone, search.solve().x)
    var fits = zip(alone, found).map { fit, exponents in
      let others = alone.map(\.information).reduce(0, +) - fit.information
      return FittedLaw(
        samples: fit.samples, grid: fit.grid, center: fit.center, objective: objective,
        optimum: search.at(exponents, fit.samples),
        exponentInformation: found.allSatisfy { $0 == exponents } ? others : 0)
    }
    guard fits.allSatisfy({ $0.degreesOfFreedom > 0 }) else { return fits }
    var random = RandomSource(seed: Seeds.derive(0, "pooled law bootstrap"))
    var joint = fits.map { _ in [Draw]() }
    for _ in 0..<count {
      let made = fits.map { $0.simulated(random: &random) }
      let again = zip(fits, made).map { fit, made in
        FittedLaw(
          samples: made.samples, grid: fit.grid, center: fit.center, objective: objective,
          optimum: VariableProjection(
            samples: made.samples, objective: objective, grid: fit.grid
          ).solve())
      }
      let exponents = exponents(again, search.solve(made.map(\.samples)).x)
      for i in fits.indices {
        let best = search.at(exponents[i], made[i].samples)
        let law = Law(
          exponents: exponents[i], coefficients: best.coefficients, center: fits[i].center)
        joint[i].append(Draw(law: law, sigma: made[i].sigma))
      }
    }
    for i in fits.indices { fits[i].jointDraws = joint[i] }
    return fits
  }
}
