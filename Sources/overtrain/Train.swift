import ArgumentParser
import ConfigFiles
import Corpus
import Evaluation
import Experiment
import Foundation
import Kernels
import Sweep

/// `overtrain train`
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train and measure one run of a grid on all cores.",
    discussion: "Example: overtrain train configs/demo.yaml --run a20")

  @OptionGroup var options: GridOptions
  @Option(name: .customLong("run"), help: "The run's label, as `overtrain plan` prints it.")
  var label: String
  @Option(help: "Cores to use.") var cores = ProcessInfo.processInfo.activeProcessorCount

  func run() throws {
    let resolved = try options.resolve(verifying: true)
    guard let cell = resolved.cells.first(where: { $0.config.label == label || $0.id == label })
    else {
      throw UserError(
        .usage, "the grid has no run \"\(label)\"", at: options.config,
        fix: "its runs are \(resolved.cells.map(\.config.label).joined(separator: ", "))")
    }
    try trainOne(
      cell.config, id: cell.id, corpora: resolved.corpora, store: resolved.store, cores: cores)
  }
}

/// `overtrain resume`
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Go on with a run from its folder.",
    discussion: "Example: overtrain resume data/runs/demo/demo-a20-1a2b3c4d")

  @Argument(help: "The run's folder.", completion: .directory) var folder: String
  @Option(help: "Folder of corpora.") var corpora = "data/corpora"
  @Option(help: "Cores to use.") var cores = ProcessInfo.processInfo.activeProcessorCount
  @Option(
    help: "Seconds between checkpoints; without it 20, or more where saving takes over 1 %.")
  var checkpointSeconds: Double?
  @Option(
    help: "Add the SHA-256 of weights and moments after each step to this file.",
    completion: .file()) var digests: String?

  func run() throws {
    let url = URL(fileURLWithPath: folder)
    let config = try ConfigFile.load(
      RunConfig.self, from: url.appendingPathComponent("config.yaml"))
    let opened = try config.corpora(in: URL(fileURLWithPath: corpora))
    let id = try config.id
    guard id == url.lastPathComponent else {
      throw UserError(
        .badConfig, "config.yaml is that of the run \(id)", at: folder,
        fix: "it was altered; make the run again from its grid")
    }
    try trainOne(
      config, id: id, corpora: opened, store: RunStore(url.deletingLastPathComponent()),
      cores: cores, saving: .init(seconds: checkpointSeconds),
      digests: digests.map { (path) throws(UserError) in
        try StepDigests(URL(fileURLWithPath: path))
      })
  }
}

/// Runs one run on `cores` cores and prints its record.
private func trainOne(
  _ config: RunConfig, id: String, corpora: [String: TokenizedCorpus], store: RunStore, cores: Int,
  saving: Runner.Saving = .init(), digests: StepDigests? = nil
) throws {
  Signals.letWorkBeSaved()
  let progress = SweepProgress()
  let display = SweepDisplay(progress)
  defer { display.end() }
  progress.begin([GridCell(config: config, id: id, role: .validate)])
  let runner = Runner(
    store: store, saving: saving, peakFLOPS: 1e9 * BLAS.sgemmGFLOPS(seconds: 0.05),
    cores: Cores(cores - 1), stop: Signals.stop, progress: progress, digests: digests,
    warn: { Terminal.note($0) })
  guard let corpus = corpora[config.corpus] else { return }
  let evaluator = try Evaluator(config, corpora: corpora)
  evaluator.doubts(config.evaluation).forEach { Terminal.note($0) }
  try printJSON(try runner.run(config, id: id, corpus: corpus, evaluator: evaluator))
}

extension RunConfig {
  /// The corpora that the run is trained and measured on, opened and verified, by name.
  func corpora(in folder: URL) throws(UserError) -> [String: TokenizedCorpus] {
    var opened: [String: TokenizedCorpus] = [:]
    for name in [corpus] + (evaluation.corpora ?? [:]).keys.sorted() {
      opened[name] = try TokenizedCorpus(
        opening: folder.appendingPathComponent(name), verifying: true)
    }
    return opened
  }
}
