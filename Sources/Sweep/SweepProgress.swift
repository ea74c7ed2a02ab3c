import Experiment
import Synchronization

/// What a sweep's runs have done so far, in exact FLOPs: they tell, a display asks.
public final class SweepProgress: Sendable {
  /// One look at the sweep.
  public struct Snapshot: Sendable {
    /// FLOPs to do in all, those of runs done before not counted.
    public let totalFLOPs: Double
    /// FLOPs done.
    public let doneFLOPs: Double
    /// Runs ended.
    public let ended: Int
    /// Runs to do.
    public let runs: Int
    /// Labels of the runs in progress with the share done.
    public let active: [(label: String, share: Double)]
  }

  private struct State {
    var total = 0.0
    var finished = 0.0
    var ended = 0
    var runs = 0
    var active: [String: (label: String, done: Double, total: Double)] = [:]
  }

  private let state = Mutex(State())

  /// Nothing done yet.
  public init() {}

  /// How things stand.
  public var snapshot: Snapshot {
    state.withLock { state in
      Snapshot(
        totalFLOPs: state.total,
        doneFLOPs: state.finished + state.active.values.reduce(0) { $0 + $1.done },
        ended: state.ended, runs: state.runs,
        active: state.active.values.map { ($0.label, $0.total > 0 ? $0.done / $0.total : 0) }
          .sorted { $0.label < $1.label })
    }
  }

  /// Counts `cells` as the work to do.
  public func begin(_ cells: [GridCell]) {
    state.withLock { state in
      state.runs = cells.count
      state.total = cells.reduce(0) { $0 + SweepProgress.flops($1.config) }
    }
  }

  func update(_ id: String, _ config: RunConfig, step: Int) {
    let total = SweepProgress.flops(config)
    state.withLock {
      $0.active[id] = (config.label, total * Double(step) / Double(config.training.steps), total)
    }
  }

  func end(_ id: String, _ config: RunConfig) {
    state.withLock { state in
      state.active[id] = nil
      state.finished += SweepProgress.flops(config)
      state.ended += 1
    }
  }

  private static func flops(_ config: RunConfig) -> Double {
    config.model.trainingFLOPsPerToken * Double(config.training.tokens)
  }
}
