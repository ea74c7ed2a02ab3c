import ArgumentParser
import ConfigFiles
import Corpus
import Evaluation
import Experiment
import Foundation
import Sweep

/// The arguments of every command that works on a grid, and what they lead to.
struct GridOptions: ParsableArguments {
  @Argument(help: "The grid's YAML file.", completion: .file(extensions: ["yaml"]))
  var config: String

  @Option(help: "Folder of runs; the grid's own folder is made in it.")
  var runs = "data/runs"

  @Option(help: "Folder of corpora.")
  var corpora = "data/corpora"

  /// A grid with its corpora opened and its runs resolved.
  struct Resolved {
    let grid: GridConfig
    let cells: [GridCell]
    let corpora: [String: TokenizedCorpus]
    let store: RunStore

    var sweep: GridSweep { GridSweep(cells, corpora: corpora, store: store) }

    var trainingTokens: [String: Int] { corpora.mapValues { $0.manifest.trainingTokens } }
  }

  /// - Parameter verifying: whether to check every byte of the corpora
  func resolve(verifying: Bool) throws(UserError) -> Resolved {
    let url = URL(fileURLWithPath: config)
    let grid = try ConfigFile.load(GridConfig.self, from: url)
    let names =
      grid.corpora.values + (grid.zip ?? []).flatMap { $0.corpus?.values ?? [] }
      + (grid.evaluation?.corpora?.values ?? [])
    for name in [grid.name] + names where !name.isPlainFileName {
      throw ConfigFile.locate(
        UserError(
          .badConfig, "\"\(name)\" names a folder, but is a path or hidden",
          at: name == grid.name ? "name" : "corpora", fix: "use letters, digits, - and _"), in: url)
    }
    var opened: [String: TokenizedCorpus] = [:]
    for name in names where opened[name] == nil {
      opened[name] = try TokenizedCorpus(
        opening: URL(fileURLWithPath: corpora).appendingPathComponent(name), verifying: verifying)
    }
    var taskFiles: [String: String] = [:]
    for path in grid.evaluation?.tasks?.values ?? [] where EvaluationConfig.isPath(path) {
      taskFiles[path] = try FileTasks.digest(URL(fileURLWithPath: path))
    }
    do throws(UserError) {
      let cells = try grid.resolve(corpora: opened.mapValues(\.manifest), taskFiles: taskFiles)
      return Resolved(
        grid: grid, cells: cells, corpora: opened,
        store: RunStore(URL(fileURLWithPath: runs).appendingPathComponent(grid.name)))
    } catch {
      throw ConfigFile.locate(error, in: url)
    }
  }
}
