import ArgumentParser
import Experiment
import Foundation
import ScalingLaws

/// `overtrain import`.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Turn published runs into a CSV that `overtrain fit` reads.",
    discussion: "Example: overtrain import gadre exp_data --train c4_original -o c4.csv",
    subcommands: [ImportGadre.self, ImportCSV.self])
}

/// `overtrain import gadre`.
struct ImportGadre: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gadre",
    abstract: "The runs of Gadre et al. 2024 (the exp_data folder of mlfoundations/scaling).",
    discussion: """
      Writes one row per run of a training set. Roles are the paper's: five runs fit the loss law, \
      a sixth (1.4B, M = 20) joins them for the error law (column errorRole), the two largest are \
      held out, the rest validate. Without --train, OUTPUT is a folder and gets one file per \
      training set.

      Example:
        overtrain import gadre exp_data --train c4_original -o c4.csv
        overtrain fit c4.csv --objective paper
        overtrain import gadre exp_data -o gadre && overtrain verdict gadre/*.csv
      """)

  @Argument(help: "The exp_data folder.") var folder: String
  @Option(help: "Training set; all of them when left out.") var train: String?
  @Option(help: "Validation set of the loss.") var loss = "c4_val"
  @Option(
    help: """
      Mean of the error: avg_subset (tasks where a 0.154B run is 10 points above chance) or avg_all.
      """)
  var error: GadreTestbed.ErrorMean = .subset
  @Option(name: .shortAndLong, help: "CSV file to write; a folder without --train.")
  var output: String

  func run() throws {
    let testbed = try GadreTestbed(URL(fileURLWithPath: folder))
    for set in train.map({ [$0] }) ?? testbed.trainingSets {
      let data = try testbed.data(trainingSet: set, lossSet: loss, errors: error)
      let url =
        train == nil
        ? URL(fileURLWithPath: output).appendingPathComponent("\(set).csv")
        : URL(fileURLWithPath: output)
      try DurableFile.write(Data(data.csvText.utf8), to: url)
      print(
        "\(data.points.count) runs, \(data.sets.count) validation sets,"
          + " \(testbed.tasks(error).count) tasks in the error, written to \(url.relativePath)")
      for left in data.excluded { print("left out: \(left.run) (\(left.reason))") }
      for warning in data.warnings { print("warning: \(warning)") }
    }
  }
}

/// `overtrain import csv`.
struct ImportCSV: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "csv",
    abstract: "Any table of runs, with its columns renamed and rescaled.",
    discussion: """
      Each --map is NAME=COLUMN or NAME=COLUMN*FACTOR, where NAME is a column of `overtrain fit`: \
      run, N, D, M, C, loss, error, role, errorRole, chance. D may follow from M or C instead.

      Example:
        overtrain import csv table.csv --map N=params_b*1e9 --map M=tok_per_param \
          --map loss=val_loss -o runs.csv
      """)

  @Argument(help: "CSV file.") var file: String
  @Option(help: "NAME=COLUMN or NAME=COLUMN*FACTOR, as often as needed.") var map: [String]
  @Option(name: .shortAndLong, help: "CSV file to write.") var output: String

  func run() throws {
    let url = URL(fileURLWithPath: file)
    let data = try LawData(csv: url, mapping: ColumnMapping(map))
    try DurableFile.write(Data(data.csvText.utf8), to: URL(fileURLWithPath: output))
    print("\(data.points.count) runs written to \(output)")
    for left in data.excluded { print("left out: \(left.run) (\(left.reason))") }
    for warning in data.warnings { print("warning: \(warning)") }
  }
}

extension GadreTestbed.ErrorMean: ExpressibleByArgument {}
