import Experiment
import Foundation

extension RandomSource {
  /// A standard normal number (Box and Muller).
  package mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// A χ² number with `degrees` ≥ 1 of freedom.
  package mutating func chiSquared(degrees: Int) -> Double {
    var sum = 0.0
    for _ in 0..<degrees {
      let z = normal()
      sum += z * z
    }
    return sum
  }
}

/// Student's t with a whole number of degrees of freedom.
package enum StudentT {
  /// P(|T| ≤ t), by the finite series for whole ν (Abramowitz and Stegun 26.7.3–4).
  package static func central(_ t: Double, degrees ν: Int) -> Double {
    let θ = atan(t / Double(ν).squareRoot())
    let (s, c) = (sin(θ), cos(θ))
    var term = ν.isMultiple(of: 2) ? 1.0 : c
    var sum = ν == 1 ? 0.0 : term
    var k = ν.isMultiple(of: 2) ? 2 : 3
    while k <= ν - 2 {
      term *= Double(k - 1) / Double(k) * c * c
      sum += term
      k += 2
    }
    return ν.isMultiple(of: 2) ? s * sum : 2 / .pi * (θ + s * sum)
  }

  /// The t with P(|T| ≤ t) = `level`.
  package static func quantile(level: Double, degrees: Int) -> Double {
    var (low, high) = (0.0, 1.0)
    while central(high, degrees: degrees) < level, high < 1e12 { high *= 2 }
    for _ in 0..<200 where high - low > 1e-12 * high {
      let middle = (low + high) / 2
      if central(middle, degrees: degrees) < level { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}

/// The value below which a share `q` of `sorted` lies, interpolated.
package func quantile(_ sorted: [Double], _ q: Double) -> Double {
  let position = q * Double(sorted.count - 1)
  let below = Int(position)
  let above = min(below + 1, sorted.count - 1)
  return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
}
