import Foundation

/// Error of one task in validation loss (Bhagia et al. 2024, arXiv 2412.04403, as an error):
///
///     Err(L) = ε·(1 − S) + f·S      S = 1/(1 + e^{k(L − L0)})
///
/// ε is the error of a model that has learned nothing, f that of a perfect one on this text; both lie
/// in [0, 1], where an unbounded ε would run away on tasks that have only begun to move.
public struct SigmoidErrorLaw: Equatable, Sendable {
  /// ε.
  public var ceiling: Double
  /// f.
  public var floor: Double
  /// k > 0, per nat.
  public var rate: Double
  /// L0, in nats: halfway.
  public var midpoint: Double

  /// Err(L).
  public func error(atLoss loss: Double) -> Double {
    let s = Self.share(rate, midpoint, loss)
    return ceiling * (1 - s) + floor * s
  }

  /// ε, f, k and L0.
  public var coefficients: [Coefficient] {
    [
      Coefficient("epsilon", ceiling), Coefficient("floorError", floor), Coefficient("k", rate),
      Coefficient("midpoint", midpoint),
    ]
  }

  /// ε, f, k and L0.
  public static let parameterCount = 4
  private static let rates = 0.3...15.0
  private static let midpoints = -2.0...6.0

  private static func share(_ k: Double, _ midpoint: Double, _ loss: Double) -> Double {
    1 / (1 + exp(max(-50, min(50, k * (loss - midpoint)))))
  }

  /// The law with the least squares: a grid over (k, L0), which is then zoomed into, with ε and f
  /// exact at every point of it.
  public init(losses: [Double], errors: [Double], steps: Int = 24) {
    precondition(losses.count == errors.count && !losses.isEmpty)
    var best = (
      law: SigmoidErrorLaw(ceiling: 1, floor: 1, rate: 1, midpoint: 1), value: Double.infinity
    )
    func look(_ logRate: Double, _ midpoint: Double) {
      let rate = exp(logRate)
      guard Self.rates.contains(rate), Self.midpoints.contains(midpoint) else { return }
      let found = Self.ends(losses, errors, rate, midpoint)
      if found.value < best.value { best = found }
    }
    let (low, high) = (Foundation.log(Self.rates.lowerBound), Foundation.log(Self.rates.upperBound))
    var (wide, tall) = ((high - low) / Double(steps), 8.0 / Double(steps))
    for i in 0...steps {
      for j in 0...steps { look(low + wide * Double(i), -2 + tall * Double(j)) }
    }
    for _ in 0..<40 {
      let center = best.law
      let value = best.value
      for i in -2...2 {
        for j in -2...2 where i != 0 || j != 0 {
          look(
            Foundation.log(center.rate) + wide * Double(i) / 2,
            center.midpoint + tall * Double(j) / 2)
        }
      }
      // Only a round that finds nothing lower goes finer: valleys here are long and bent.
      if best.value >= value * (1 - 1e-9) { (wide, tall) = (wide / 2, tall / 2) }
    }
    self = best.law
  }

  private init(ceiling: Double, floor: Double, rate: Double, midpoint: Double) {
    (self.ceiling, self.floor, self.rate, self.midpoint) = (ceiling, floor, rate, midpoint)
  }

  /// ε ≥ f in [0, 1] for given k and L0: least squares in a box, exactly.
  private static func ends(
    _ losses: [Double], _ errors: [Double], _ rate: Double, _ midpoint: Double
  ) -> (law: SigmoidErrorLaw, value: Double) {
    var (aa, ab, bb, ay, by) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (loss, error) in zip(losses, errors) {
      let s = share(rate, midpoint, loss)
      let r = 1 - s
      (aa, ab, bb) = (aa + r * r, ab + r * s, bb + s * s)
      (ay, by) = (ay + r * error, by + s * error)
    }
    let determinant = aa * bb - ab * ab
    func floor(given ceiling: Double) -> Double {
      bb > 0 ? max(0, min(ceiling, (by - ab * ceiling) / bb)) : ceiling
    }
    var candidates: [(Double, Double)] = [(1, floor(given: 1))]
    if determinant > 1e-12 * aa * bb {
      let (e, f) = ((ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant)
      if (0...1).contains(e), (0...e).contains(f) { candidates.append((e, f)) }
    }
    // f = 0, and ε = f: the other two edges.
    if aa > 0 { candidates.append((max(0, min(1, ay / aa)), 0)) }
    let flat = max(0, min(1, errors.reduce(0, +) / Double(errors.count)))
    candidates.append((flat, flat))
    var best = (
      law: SigmoidErrorLaw(ceiling: 1, floor: 1, rate: rate, midpoint: midpoint),
      value: Double.infinity
    )
    for (e, f) in candidates {
      let law = SigmoidErrorLaw(ceiling: e, floor: f, rate: rate, midpoint: midpoint)
      let value = zip(losses, errors).reduce(0) {
        let r = law.error(atLoss: $1.0) - $1.1
        return $0 + r * r
      }
      if value < best.value { best = (law, value) }
    }
    return best
  }
}
