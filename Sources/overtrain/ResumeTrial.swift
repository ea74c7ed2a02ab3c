import ConfigFiles
import Experiment
import Foundation
import Sweep

/// One run, trained by child processes of this program that may be killed.
struct ResumeTrial {
  /// What a run has left behind.
  struct Outcome {
    /// The digests after each step; a step that was done again is here again.
    let digests: [(step: Int, digest: Substring)]
    let record: Data
    /// The log without timings.
    let log: String
    /// The last step done before the kill.
    var killedAt = 0

    /// Where `other` is not the same, nil if it is.
    func firstDifference(from other: Outcome) -> String? {
      let expected = Dictionary(digests.map { ($0.step, $0.digest) }) { first, _ in first }
      for (step, digest) in other.digests where expected[step] != digest {
        return "weights or moments at step \(step)"
      }
      if Set(other.digests.map(\.step)).count != digests.count { return "number of steps" }
      if other.record != record { return "record.json" }
      return other.log == log ? nil : "metrics.jsonl"
    }
  }

  private let config: RunConfig
  private let id: String
  private let folder: URL
  private let corpora: String

  init(_ config: RunConfig, id: String, folder: URL, corpora: String) {
    self.config = config
    self.id = id
    self.folder = folder
    self.corpora = corpora
  }

  func uninterrupted() throws -> Outcome {
    let run = try prepare("whole")
    let process = try start(run, workers: 1)
    try wait(for: process)
    return try outcome(run)
  }

  func interrupted(at step: Int, workers: (before: Int, after: Int)) throws -> Outcome {
    let run = try prepare(UUID().uuidString)
    let process = try start(run, workers: workers.before)
    while process.isRunning, try lastStep(run) < step {
      try leaveIfStopped(process)
      Thread.sleep(forTimeInterval: 0.002)
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    let killedAt = try lastStep(run)
    try wait(for: try start(run, workers: workers.after))
    var outcome = try outcome(run)
    outcome.killedAt = killedAt
    return outcome
  }

  private func prepare(_ name: String) throws -> URL {
    let run = folder.appendingPathComponent(name).appendingPathComponent(id)
    try ConfigFile.save(config, to: run.appendingPathComponent("config.yaml"))
    return run
  }

  private func digests(_ run: URL) -> URL { run.appendingPathComponent("digests") }

  private func lastStep(_ run: URL) throws -> Int {
    guard FileManager.default.fileExists(atPath: digests(run).path) else { return 0 }
    return try StepDigests.read(digests(run)).last?.step ?? 0
  }

  private func start(_ run: URL, workers: Int) throws -> Process {
    let process = Process()
    process.executableURL = Bundle.main.executableURL
    process.arguments = [
      "resume", run.path, "--corpora", corpora, "--cores", "\(workers)",
      "--checkpoint-seconds", "0.05", "--digests", digests(run).path,
    ]
    process.standardOutput = FileHandle.nullDevice
    let errors = run.appendingPathComponent("errors")
    try DurableFile.create(errors, Data())
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    return process
  }

  private func wait(for process: Process) throws {
    while process.isRunning {
      try leaveIfStopped(process)
      Thread.sleep(forTimeInterval: 0.02)
    }
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let errors = process.arguments?.dropFirst().first.map { "\($0)/errors" } ?? ""
      throw UserError(
        .failure, "the run ended with status \(process.terminationStatus)",
        at: id, fix: (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "see above")
    }
  }

  private func leaveIfStopped(_ process: Process) throws(UserError) {
    guard Signals.stop.isSet else { return }
    kill(process.processIdentifier, SIGKILL)
    throw UserError(.interrupted, "stopped", fix: "run the same command again")
  }

  private func outcome(_ run: URL) throws -> Outcome {
    let log = try String(
      contentsOf: run.appendingPathComponent("metrics.jsonl"), encoding: .utf8)
    return Outcome(
      digests: try StepDigests.read(digests(run)),
      record: try Data(contentsOf: run.appendingPathComponent("record.json")),
      log: log.replacing(/"(throughput|check)[^,}]*/, with: ""))
  }
}

/// What `verify-resume` has found.
struct ResumeCertificate: Encodable {
  /// One kill.
  struct Case: Encodable, CustomStringConvertible {
    let killedAtStep: Int
    let workersBefore: Int
    let workersAfter: Int
    /// Steps done in all, those after the kill again.
    let stepsDone: Int
    let firstDifference: String?

    var description: String {
      "killed at step \(killedAtStep), \(workersBefore) → \(workersAfter) workers: "
        + (firstDifference.map { "DIFFERS in \($0)" } ?? "identical")
    }
  }

  let run: String
  let steps: Int
  let slots: Int
  /// SHA-256 of weights and moments after the last step.
  let finalState: String
  let cases: [Case]
  let machine: RunRecord.Environment
  let date: String

  var isExact: Bool { cases.allSatisfy { $0.firstDifference == nil } }

  init(_ config: RunConfig, _ id: String, _ expected: ResumeTrial.Outcome, _ cases: [Case]) {
    run = id
    steps = config.training.steps
    slots = config.training.slots
    finalState = String(expected.digests.last?.digest ?? "")
    self.cases = cases
    machine = .current
    date = Date.now.formatted(.iso8601)
  }

  var text: String {
    """
    CERTIFICATE OF EXACT RESUME
    run        \(run), \(steps) steps, \(slots) slot\(slots == 1 ? "" : "s")
    machine    \(machine.processor), \(machine.blas), overtrain \(machine.overtrain)
    date       \(date)
    \(cases.map { "kill -9    " + $0.description }.joined(separator: "\n"))
    compared   SHA-256 of weights and moments after each of \(steps) steps, record, log
    state      \(finalState)
    verdict    \(isExact ? "bit-identical" : "NOT IDENTICAL")
    """
  }
}
