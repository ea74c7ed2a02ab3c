/// When the next checkpoint of a run is due, and what those so far have cost.
struct CheckpointClock {
  private let saving: Runner.Saving
  private let start = ContinuousClock.now
  private var lastSave = ContinuousClock.now
  private var pause: Duration
  private var spent = Duration.zero

  init(_ saving: Runner.Saving) {
    self.saving = saving
    pause = saving.pause(after: .zero)
  }

  /// Whether one is due after `step`.
  func isDue(after step: Int) -> Bool {
    if let every = saving.retention.everySteps, step.isMultiple(of: every) { return true }
    return ContinuousClock.now - lastSave > pause
  }

  /// Times `save`, which decides when the next one is due.
  mutating func time<Failure>(_ save: () throws(Failure) -> Void) throws(Failure) {
    let begin = ContinuousClock.now
    try save()
    lastSave = .now
    spent += lastSave - begin
    pause = saving.pause(after: lastSave - begin)
  }

  /// The share of the time so far that checkpoints took.
  var share: Double { spent / (ContinuousClock.now - start) }
}
