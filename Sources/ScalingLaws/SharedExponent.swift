import Experiment
import Foundation

/// One exponent for several training sets, each with coefficients of its own.
///
/// An exponent is a property of architecture and recipe more than of text, and a handful of runs of
/// one set hardly fix it; the sets together do. The search is one-dimensional: for an exponent, the
/// sets are independent problems.
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

extension FittedLaw {
  /// The laws of several sets with one exponent between them, and `count` joint bootstrap draws.
  ///
  /// Each draw makes new points of every set, with that set's own noise, and finds the exponent of
  /// all of them again, so an interval knows that the other sets' runs are noisy too.
  static func sharing(
    _ sets: [(coordinates: [SIMD2<Double>], values: [Double])], objective: Objective,
    draws count: Int
  ) -> [FittedLaw<Law>] {
    let alone = sets.map {
      FittedLaw(coordinates: $0.coordinates, values: $0.values, objective: objective)
    }
    let search = SharedExponent<Law>(alone.map(\.samples), objective: objective)
    let exponents = search.solve()
    var fits = alone.map { fit in
      let others = alone.map(\.information).reduce(0, +) - fit.information
      return FittedLaw(
        samples: fit.samples, grid: fit.grid, center: fit.center, objective: objective,
        optimum: search.at(exponents, fit.samples), exponentInformation: others)
    }
    guard fits.allSatisfy({ $0.degreesOfFreedom > 0 }) else { return fits }
    var random = RandomSource(seed: Seeds.derive(0, "pooled law bootstrap"))
    var joint = fits.map { _ in [Draw]() }
    for _ in 0..<count {
      let made = fits.map { $0.simulated(random: &random) }
      let exponents = search.solve(made.map(\.samples))
      for i in fits.indices {
        let best = search.at(exponents, made[i].samples)
        let law = Law(
          exponents: exponents, coefficients: best.coefficients, center: fits[i].center)
        joint[i].append(Draw(law: law, sigma: made[i].sigma))
      }
    }
    for i in fits.indices { fits[i].jointDraws = joint[i] }
    return fits
  }
}
