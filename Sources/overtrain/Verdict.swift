import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain verdict`.
struct VerdictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verdict",
    abstract:
      "Can the loss on this validation set be predicted? For every training × validation pair.",
    discussion: """
      RUNS are folders of runs or CSV files with columns loss/SET (overtrain import gadre writes \
      them), one per training set. Small runs alone judge: the law of the cheaper ones predicts the \
      dearer ones. Prints reliable, risky or not to be believed, with the reason and how far beyond \
      the fitted compute that was tested; what happens farther out no small run shows. Errors on dearer \
      runs stand beside and have no part in it.

      On the published C4 and RedPajama runs (16 pairs, tested to 14 times the fitted compute), 0 of 9 \
      pairs called reliable were off by more than 5 % as far as tested, and 1 of 9 beyond, to 390 times; \
      of the 5 called risky, 0 and 4; of the 2 not to be believed, 1 and 2. The bounds were set with \
      these runs known.

      Example:
        overtrain verdict data/runs/demo
        overtrain verdict c4.csv rpj.csv
      """)

  @Argument(help: "Folders of runs, or CSV files.") var runs: [String]
  @Option(help: "paper, log or huber.") var objective: Objective = .log
  @OptionGroup var selection: RunSelection
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    var verdicts: [SetVerdict] = []
    for path in runs {
      let url = URL(fileURLWithPath: path)
      // A folder may hold several corpora: each is a training set of its own.
      let corpora = url.isFolder && selection.corpus == nil ? try Self.corpora(url) : [nil]
      for corpus in corpora {
        var selection = selection
        selection.corpus = selection.corpus ?? corpus
        verdicts += SetVerdict.all(
          try selection.data(url),
          name: corpus ?? url.deletingPathExtension().lastPathComponent, objective: objective)
      }
    }
    if json { return try printJSON(verdicts) }
    print(SetVerdict.table(verdicts).rendered)
    print("\nwhy")
    for verdict in verdicts {
      print(
        "  \(verdict.training) → \(verdict.set): \(verdict.verdict.rawValue): \(verdict.reason)")
    }
    let record = VerdictRecord.text(verdicts)
    if !record.isEmpty {
      print("\nhow these verdicts did on runs that had no part in them\n\(record)")
    }
  }

  private static func corpora(_ url: URL) throws -> [String?] {
    let names = Set(try RunStore(url).all().map(\.config.corpus)).sorted()
    return names.isEmpty ? [nil] : names
  }
}
