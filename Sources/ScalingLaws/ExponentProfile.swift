import Foundation

/// Profile intervals of a fitted law's numbers: all values that the runs cannot tell from the best
/// one by an F-test at the level, everything else refitted.
///
/// They need not be symmetric, and may be open: with five runs and four parameters E is known to
/// lie below some loss and not much more, which a ± would hide.
public struct ProfileInterval: Codable, Sendable, Equatable {
  /// `E`, `alpha`, `beta` or `eta`.
  public let name: String
  /// The lowest value that is not refuted; nil where the range ends first.
  public let low: Double?
  /// The highest value that is not refuted; nil where the range ends first.
  public let high: Double?
}

extension FittedLaw {
  /// Intervals for E, where the law has one, and for every exponent; empty without degrees of
  /// freedom, for Huber's objective and for tied exponents, whose F has another distribution.
  func profiles(level: Double) -> [ProfileInterval] {
    guard degreesOfFreedom > 0, objective != .huber, Law.exponentTie == nil else { return [] }
    let t = StudentT.quantile(level: level, degrees: degreesOfFreedom)
    // F(1, ν) is t² with ν degrees of freedom.
    let limit = value * (1 + t * t / Double(degreesOfFreedom))
    var found: [ProfileInterval] = []
    if Law.columnNames[0] == "E" {
      let top = (samples.map(\.y).min() ?? 0) * 0.9999
      let (low, high) = crossings(of: floorLoss, in: 0...top, limit) {
        best(floor: $0, exponents: nil)
      }
      found.append(ProfileInterval(name: "E", low: low, high: high))
    }
    for index in Law.exponentRanges.indices {
      let names = Law.exponentNames
      let (low, high) = crossings(of: exponents[index], in: Law.exponentRanges[index], limit) {
        best(floor: nil, exponents: (index, $0))
      }
      found.append(ProfileInterval(name: names[index], low: low, high: high))
    }
    return found
  }

  private var floorLoss: Double { coefficients[0] }

  /// The least objective with the floor or one exponent held.
  private func best(floor: Double?, exponents held: (index: Int, value: Double)?) -> Double {
    func value(_ exponents: SIMD2<Double>) -> Double {
      let rows = samples.map { sample in
        var row = Law.row(sample.x, exponents)
        if floor != nil { row[0] = 0 }
        return row
      }
      guard let floor else {
        return project(rows: rows, samples: samples, objective: objective, iterations: 20).value
      }
      return projectAbove(floor, rows: rows)
    }
    let ranges = Law.exponentRanges
    let free = ranges.indices.filter { $0 != held?.index }
    var at = exponents
    if let held { at[held.index] = held.value }
    guard !free.isEmpty else { return value(at) }
    // Coordinate search with shrinking steps, from the optimum: profiles are smooth valleys.
    var step = 0.1
    var lowest = value(at)
    while step > 1e-6 {
      var moved = false
      for index in free {
        for sign in [-1.0, 1] {
          var next = at
          next[index] = min(
            ranges[index].upperBound, max(ranges[index].lowerBound, at[index] + sign * step))
          let reached = value(next)
          if reached < lowest { (at, lowest, moved) = (next, reached, true) }
        }
      }
      if !moved { step /= 2 }
    }
    return lowest
  }

  /// The objective with E held at `floor`: the other columns fit what is left above it.
  private func projectAbove(_ floor: Double, rows: [SIMD3<Double>]) -> Double {
    guard objective.isRelative else {
      let above = samples.map { Sample(x: $0.x, y: $0.y - floor, weight: $0.weight) }
      return project(rows: rows, samples: above, objective: .paper, iterations: 1).value
    }
    var predicted = samples.map(\.y)
    var value = Double.infinity
    for _ in 0..<20 {
      var problem = NonNegativeLeastSquares()
      for i in rows.indices {
        let (f, root) = (predicted[i], samples[i].weight.squareRoot())
        problem.add(
          rows[i] * (root / f), target: root * (1 + log(samples[i].y / f) - floor / f))
      }
      let theta = problem.solution().coefficients
      predicted = rows.map { max(floor + ($0 * theta).sum(), 1e-9) }
      let reached = zip(samples, predicted).reduce(0) {
        let r = log($1.0.y / $1.1)
        return $0 + $1.0.weight * r * r
      }
      if abs(reached - value) <= 1e-14 * value { return min(value, reached) }
      value = min(value, reached)
    }
    return value
  }

  /// Where `profile` crosses `limit` on each side of `best`; nil where it never does in `range`.
  private func crossings(
    of best: Double, in range: ClosedRange<Double>, _ limit: Double, _ profile: (Double) -> Double
  ) -> (Double?, Double?) {
    func crossing(_ end: Double) -> Double? {
      guard profile(end) > limit else { return nil }
      var (inside, outside) = (best, end)
      for _ in 0..<40 where abs(outside - inside) > 1e-6 * abs(best) {
        let middle = (inside + outside) / 2
        if profile(middle) > limit { outside = middle } else { inside = middle }
      }
      return (inside + outside) / 2
    }
    return (crossing(range.lowerBound), crossing(range.upperBound))
  }
}
