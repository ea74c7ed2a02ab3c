import Foundation
import Testing

/// Every law command on a training set whose name the program has never seen: a copy of a published one
/// under the name of the third, which is not here.
@Suite(.serialized)
struct ThirdTrainingSetTests {
  static let published = Program.root.deletingLastPathComponent()
    .appendingPathComponent("shared/gadre2024/exp_data")

  /// All runs as they are, for which tasks count depends on all, and those of `rpj` as `rw_original` too,
  /// in `folder`/exp_data.
  static func copy(to folder: URL) throws {
    let manager = FileManager.default
    for part in ["models", "evals"] {
      let to = folder.appendingPathComponent("exp_data/\(part)")
      try manager.createDirectory(at: to, withIntermediateDirectories: true)
      let from = published.appendingPathComponent(part)
      for file in try manager.contentsOfDirectory(atPath: from.path) {
        try manager.copyItem(
          at: from.appendingPathComponent(file), to: to.appendingPathComponent(file))
        guard file.contains("rpj-") else { continue }
        let text = try String(contentsOf: from.appendingPathComponent(file), encoding: .utf8)
        try text.replacingOccurrences(of: "\"rpj\"", with: "\"rw_original\"")
          .replacingOccurrences(of: "\"rpj-", with: "\"rw_original-").write(
            to: to.appendingPathComponent(
              file.replacingOccurrences(of: "rpj-", with: "rw_original-")),
            atomically: true, encoding: .utf8)
      }
    }
    try manager.copyItem(
      at: published.appendingPathComponent("eval_metadata.csv"),
      to: folder.appendingPathComponent("exp_data/eval_metadata.csv"))
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: published.path),
      "needs the published runs in ../shared/gadre2024/exp_data"))
  func everyCommand() throws {
    let program = try Program()
    defer { program.remove() }
    try Self.copy(to: program.folder)
    for (arguments, words) in [
      (["import", "gadre", "exp_data", "-o", "g"], ["g/rpj.csv", "g/rw_original.csv"]),
      (
        [
          "import", "gadre", "exp_data", "--train", "rw_original", "--error", "avg_all", "-o",
          "w.csv",
        ],
        ["35 runs, 8 validation sets, 46 tasks"]
      ),
      (
        ["fit", "g/rw_original.csv", "--objective", "paper", "--name", "w"],
        ["M* 7.419", "0.73 %", "0.71 %", "3.64 %", "N matmul", "exact FLOPs"]
      ),
      (
        [
          "fit", "g/rw_original.csv", "--recommended", "--fit-up-to", "2.04e19", "--pool",
          "g/rpj.csv",
        ],
        ["19 runs"]
      ),
      (["verdict", "g/rw_original.csv", "g/rpj.csv"], ["rw_original → paloma_ptb"]),
      (["loss-to-loss", "g/rw_original.csv", "g/rpj.csv"], ["κ 1.0", "R² 1.0000"]),
      (["grade", "w.csv"], ["predictable", "risky", "at chance"]),
      (["grade", "w.csv", "--averages", "--fit", "data/fits/w"], ["chosen by nested splits"]),
      (["isoflop", "g/rw_original.csv", "--interpolate"], ["N* ="]),
      (["predict", "data/fits/w", "--N", "6.9e9", "--M", "20"], ["2.442"]),
      (["serve", "data/fits/w", "--loss", "2.4", "--served", "1e12"], ["cheapest in all"]),
      (
        [
          "design", "data/fits/w", "--sizes", "1e7,8e7", "--multipliers", "20,320", "--target",
          "7e9:20", "--sigma", "0.01",
        ], ["every size at every M"]
      ),
      (["explain", "2.5198", "data/fits/w"], ["rw_original-open_lm_1b-32.0"]),
      (["report", "data/fits/w"], ["Predicted the loss of 2 held-out runs"]),
    ] {
      let result = try program.run(arguments)
      #expect(result.status == 0, "\(arguments): \(result.errors)")
      for word in words {
        #expect(result.output.contains(word), "\(arguments): no \(word) in \(result.output)")
      }
    }
  }
}
