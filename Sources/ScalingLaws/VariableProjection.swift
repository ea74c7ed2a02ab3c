import Foundation

/// The columns of a `SeparableLaw` at every point of its grid of exponents. They depend on where
/// the samples lie, not on what was measured there, so all refits of a bootstrap share them.
struct ExponentGrid<Law: SeparableLaw>: Sendable {
  /// The values of each exponent.
  let axes: [[Double]]
  /// Grid points along the second axis; 1 when there is none.
  let height: Int
  private let rows: [SIMD3<Double>]
  private let samples: Int

  init(_ samples: [Sample]) {
    let count = Law.gridPoints
    axes = Law.exponentRanges.map { range in
      (0..<count).map {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / Double(count - 1)
      }
    }
    height = axes.count == 2 ? count : 1
    self.samples = samples.count
    var rows: [SIMD3<Double>] = []
    for p in axes[0] {
      for q in axes.count == 2 ? axes[1] : [0] {
        rows += samples.map { Law.row($0.x, SIMD2(p, q)) }
      }
    }
    self.rows = rows
  }

  func exponents(_ i: Int, _ j: Int) -> SIMD2<Double> {
    SIMD2(axes[0][i], axes.count == 2 ? axes[1][j] : 0)
  }

  func rows(_ i: Int, _ j: Int) -> ArraySlice<SIMD3<Double>> {
    let start = (i * height + j) * samples
    return rows[start..<start + samples]
  }
}

/// The global optimum of a `SeparableLaw`: a grid over its exponents, then a refinement of each of
/// the best minima of the grid. No start values, no randomness.
struct VariableProjection<Law: SeparableLaw> {
  let samples: [Sample]
  let objective: Objective
  let grid: ExponentGrid<Law>

  /// An optimum.
  struct Optimum {
    var exponents: SIMD2<Double>
    var coefficients: SIMD3<Double>
    var value: Double
    /// Minima of the grid; more than one means that the surface has several valleys.
    var minima = 1
    /// Whether an exponent ended at the edge of its range.
    var atEdge = false
  }

  /// The best optimum.
  ///
  /// Each of the best three minima of the grid is polished from where the grid left it; only where
  /// that fails, as it may at a bound, the exponents are searched with the coefficients nested inside.
  func solve() -> Optimum {
    let (count, height) = (Law.gridPoints, grid.height)
    var rough = [Projection](
      repeating: Projection(coefficients: .zero, value: .infinity), count: count * height)
    for i in 0..<count {
      for j in 0..<height {
        var found = projectRoughly(
          rows: grid.rows(i, j), samples: samples, objective: objective)
        found.value *= tied(grid.exponents(i, j))
        rough[i * height + j] = found
      }
    }
    // A grid point is a minimum when no neighbour, diagonal ones among them, is lower.
    var minima: [(i: Int, j: Int, value: Double)] = []
    for i in 0..<count {
      for j in 0..<height {
        let value = rough[i * height + j].value
        var lowest = value < .infinity
        for p in max(0, i - 1)...min(count - 1, i + 1) where lowest {
          for q in max(0, j - 1)...min(height - 1, j + 1) where (p, q) != (i, j) {
            lowest = lowest && value <= rough[p * height + q].value
          }
        }
        if lowest { minima.append((i, j, value)) }
      }
    }
    minima.sort { $0.value < $1.value }
    var best = Optimum(exponents: grid.exponents(0, 0), coefficients: .zero, value: .infinity)
    for minimum in minima.prefix(3) {
      let start = Optimum(
        exponents: grid.exponents(minimum.i, minimum.j),
        coefficients: rough[minimum.i * height + minimum.j].coefficients, value: minimum.value)
      let found = start.polished(samples, objective) ?? searched(from: start)
      if found.value < best.value { best = found }
    }
    best.minima = max(1, minima.count)
    best.atEdge = zip(Law.exponentRanges, [best.exponents.x, best.exponents.y]).contains {
      $1 <= $0.lowerBound * 1.0001 || $1 >= $0.upperBound * 0.9999
    }
    return best
  }

  /// The optimum near `start` by a search that respects bounds.
  private func searched(from start: Optimum) -> Optimum {
    let step = grid.axes.map { $0[1] - $0[0] }
    let found =
      grid.axes.count == 2
      ? simplex(from: start.exponents, step: step)
      : goldenSection(around: start.exponents.x, step: step[0])
    return found.polished(samples, objective) ?? found
  }

  private func tied(_ exponents: SIMD2<Double>) -> Double {
    tieFactor(Law.self, exponents, samples: samples.count, objective)
  }

  private func optimum(_ exponents: SIMD2<Double>) -> Optimum {
    // Reweighting for Huber creeps at the end; the joint polish that follows does that part.
    let projection = project(
      rows: samples.map { Law.row($0.x, exponents) }, samples: samples, objective: objective,
      iterations: objective == .huber ? 10 : 20)
    return Optimum(
      exponents: exponents, coefficients: projection.coefficients,
      value: projection.value * tied(exponents))
  }

  /// One exponent, to nine digits.
  private func goldenSection(around center: Double, step: Double) -> Optimum {
    let range = Law.exponentRanges[0]
    let ratio = (5.0.squareRoot() - 1) / 2
    var low = max(range.lowerBound, center - step)
    var high = min(range.upperBound, center + step)
    var left = optimum(SIMD2(high - ratio * (high - low), 0))
    var right = optimum(SIMD2(low + ratio * (high - low), 0))
    while high - low > 1e-9 * center {
      if left.value <= right.value {
        (high, right) = (right.exponents.x, left)
        left = optimum(SIMD2(high - ratio * (high - low), 0))
      } else {
        (low, left) = (left.exponents.x, right)
        right = optimum(SIMD2(low + ratio * (high - low), 0))
      }
    }
    // The section never looks at the ends, where a bound may hold.
    return [left, right, optimum(SIMD2(low, 0)), optimum(SIMD2(high, 0))]
      .min { $0.value < $1.value } ?? left
  }

  /// Two exponents, by Nelder and Mead's simplex, started twice so that a simplex that collapsed
  /// on the way gets a second chance.
  private func simplex(from start: SIMD2<Double>, step: [Double]) -> Optimum {
    var best = optimum(start)
    for restart in 0..<2 {
      let size = restart == 0 ? 0.5 : 0.05
      var corners = [
        best, clamped(best.exponents + SIMD2(step[0] * size, 0)),
        clamped(best.exponents + SIMD2(0, step[1] * size)),
      ]
      for _ in 0..<200 {
        corners.sort { $0.value < $1.value }
        let spread = corners[2].exponents - corners[0].exponents
        if spread.magnitude.max() < 1e-9 { break }
        let middle = (corners[0].exponents + corners[1].exponents) / 2
        let away = middle - corners[2].exponents
        let reflected = clamped(middle + away)
        if reflected.value < corners[0].value {
          let further = clamped(middle + 2 * away)
          corners[2] = further.value < reflected.value ? further : reflected
        } else if reflected.value < corners[1].value {
          corners[2] = reflected
        } else {
          let inside =
            reflected.value < corners[2].value
            ? clamped(middle + 0.5 * away) : clamped(middle - 0.5 * away)
          if inside.value < min(corners[2].value, reflected.value) {
            corners[2] = inside
          } else {
            for i in 1...2 {
              corners[i] = clamped((corners[0].exponents + corners[i].exponents) / 2)
            }
          }
        }
      }
      best = corners.min { $0.value < $1.value } ?? best
    }
    return best
  }

  private func clamped(_ exponents: SIMD2<Double>) -> Optimum {
    let (p, q) = (Law.exponentRanges[0], Law.exponentRanges[Law.exponentRanges.count - 1])
    return optimum(
      exponents.clamped(
        lowerBound: SIMD2(p.lowerBound, q.lowerBound),
        upperBound: SIMD2(p.upperBound, q.upperBound)))
  }
}
