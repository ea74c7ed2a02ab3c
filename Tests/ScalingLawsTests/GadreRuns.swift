import Experiment
import Foundation
import ScalingLaws

/// The published points of Gadre et al. 2024, Table 1: N, M, loss on C4 eval, error over 17 tasks.
enum GadreRuns {
  static let c4 = [
    (10_569_312.0, 20.0, 5.220676, 0.803674), (78_914_048, 20, 3.800284, 0.740027),
    (153_677_376, 20, 3.432646, 0.676734), (411_616_256, 20, 3.041737, 0.648741),
    (10_569_312, 320, 4.506404, 0.789723), (1_439_795_200, 20, 2.656859, 0.570686),
  ]
  static let redPajama = [
    (10_569_312.0, 20.0, 5.387021, 0.813486), (78_914_048, 20, 3.899943, 0.725045),
    (153_677_376, 20, 3.531147, 0.671008), (411_616_256, 20, 3.149769, 0.636553),
    (10_569_312, 320, 4.572293, 0.767102), (1_439_795_200, 20, 2.768757, 0.547325),
  ]

  /// The points with their roles: the sixth enters the error law only.
  static func data(_ rows: [(Double, Double, Double, Double)]) -> LawData {
    let points = rows.enumerated().map { i, row in
      LawPoint(
        run: "r\(i)", parameters: row.0, tokens: row.0 * row.1, loss: row.2, error: row.3,
        role: i == 5 ? .validate : .fit, errorRole: .fit)
    }
    return LawData(points: points, source: "Table 1")
  }

  /// The published testbed, where it lies beside the repository.
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("shared/gadre2024/exp_data")
  static var isPresent: Bool { FileManager.default.fileExists(atPath: folder.path) }
  static let absence = "needs the published runs in ../shared/gadre2024/exp_data"
}

extension Fit {
  /// A coefficient by its key.
  func coefficient(_ name: String) -> Double {
    coefficients.first { $0.name == name }?.value ?? .nan
  }
}

extension FitOptions {
  /// Options with an objective and few draws, for tests that do not look at intervals.
  init(_ objective: Objective, law: LawKind = .overTraining, draws: Int = 0) {
    self.init()
    self.objective = objective
    self.law = law
    self.draws = draws
  }
}
