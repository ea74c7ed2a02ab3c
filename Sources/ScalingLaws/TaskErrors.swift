import Experiment
import Foundation

/// The average error as the mean of one sigmoid per task.
struct TaskErrors: ErrorModel {
  private let laws: [SigmoidErrorLaw]
  /// Refits of every task on points made anew, by draw.
  private let draws: [(laws: [SigmoidErrorLaw], sigma: Double)]
  /// Residual SD of the average over the fit runs.
  private let sigma: Double
  let degreesOfFreedom: Int
  private let losses: [Double]

  /// - Parameters:
  ///   - losses: of the runs to fit on
  ///   - errors: by task, of the same runs
  init(
    losses: [Double], errors: [[Double]], draws count: Int, random: inout RandomSource
  ) {
    self.losses = losses
    let laws = errors.map { SigmoidErrorLaw(losses: losses, errors: $0) }
    self.laws = laws
    let degrees = losses.count - SigmoidErrorLaw.parameterCount
    degreesOfFreedom = degrees
    let tasks = Double(errors.count)
    // Tasks share items' difficulty and the run's luck, so the noise of the average is measured on
    // the average; each task's own residuals would count it as independent.
    let squares = losses.indices.reduce(0.0) { sum, i in
      let r = zip(laws, errors).reduce(0) { $0 + $1.1[i] - $1.0.error(atLoss: losses[i]) } / tasks
      return sum + r * r
    }
    guard degrees > 0 else {
      (sigma, draws) = (0, [])
      return
    }
    sigma = (squares / Double(degrees)).squareRoot()
    let fitted = laws.map { law in losses.map { law.error(atLoss: $0) } }
    let spread = zip(fitted, errors).map { line, measured in
      zip(line, measured).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    // A refit of 17 tasks is dear, and quantiles of 200 are near enough for a second stage.
    draws = (0..<min(count, 200)).map { _ in
      let chi = max(random.chiSquared(degrees: degrees), 1e-6)
      let refitted = fitted.indices.map { t in
        let noise = (spread[t] / chi).squareRoot()
        return SigmoidErrorLaw(
          losses: losses,
          errors: fitted[t].map { max(0, min(1, $0 + noise * random.normal())) }, steps: 12)
      }
      return (refitted, (squares / chi).squareRoot())
    }
  }

  var exponential: ErrorLaw? { nil }
  var atGridEdge: Bool { false }
  var drawCount: Int { draws.count }
  func coefficients(draw i: Int) -> [Coefficient] { TaskErrors.listed(draws[i].laws) }
  var coefficients: [Coefficient] { TaskErrors.listed(laws) }

  /// The numbers of a single curve; several would share names.
  private static func listed(_ laws: [SigmoidErrorLaw]) -> [Coefficient] {
    laws.count == 1 ? laws[0].coefficients : []
  }

  private func mean(_ laws: [SigmoidErrorLaw], _ loss: Double) -> Double {
    laws.reduce(0) { $0 + $1.error(atLoss: loss) } / Double(max(1, laws.count))
  }
  func error(atLoss loss: Double) -> Double { mean(laws, loss) }
  func slope(atLoss loss: Double) -> Double {
    (mean(laws, loss + 1e-4) - mean(laws, loss - 1e-4)) / 2e-4
  }
  func error(atLoss loss: Double, draw i: Int, noise z: Double) -> Double {
    mean(draws[i].laws, loss) + draws[i].sigma * z
  }
  func halfWidth(atLoss loss: Double, level: Double) -> Double? {
    guard degreesOfFreedom > 0, !draws.isEmpty else { return nil }
    // No gradient formula: the spread of the draws stands for the doubt about the laws.
    let values = draws.map { mean($0.laws, loss) }.sorted()
    let z = StudentT.quantile(level: 0.6827, degrees: 1_000)
    let spread = (quantile(values, 0.8413) - quantile(values, 0.1587)) / (2 * z)
    return StudentT.quantile(level: level, degrees: degreesOfFreedom)
      * (spread * spread + sigma * sigma).squareRoot()
  }
}
