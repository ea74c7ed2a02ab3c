import ConfigFiles
import Corpus
import Evaluation
import Experiment
import Foundation

extension Evaluator {
  /// What measures the runs that are measured as `config` is.
  ///
  /// - Parameter corpora: the run's own and the others that it is measured on, by name
  /// - Throws: `UserError` of kind `badData` for task files or a corpus other than the config's.
  public init(
    _ config: RunConfig, corpora: [String: TokenizedCorpus]
  ) throws(UserError) {
    guard let corpus = corpora[config.corpus] else {
      preconditionFailure("a run without its corpus")
    }
    var others: [TokenizedCorpus] = []
    for (name, fingerprint) in (config.evaluation.corpora ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let other = corpora[name], other.manifest.fingerprint == fingerprint else {
        throw UserError(
          .badData, "corpus \(name) is not the one that the run is to be measured on",
          at: corpora[name]?.folder.path, fix: "make it again from its config")
      }
      guard other.manifest.tokenizerSHA256 == corpus.manifest.tokenizerSHA256 else {
        throw UserError(
          .badData, "its tokenizer is not the one of \(config.corpus)", at: other.folder.path,
          fix: "make \(name) with `tokenizer: {corpus: \(config.corpus), …}`")
      }
      others.append(other)
    }
    var files: [FileTasks] = []
    for path in config.evaluation.tasks where EvaluationConfig.isPath(path) {
      let url = URL(fileURLWithPath: path)
      if let digest = config.evaluation.taskFiles?[path], try FileTasks.digest(url) != digest {
        throw UserError(
          .badData, "the task files are not those that the run is to be asked", at: path,
          fix: "bring them back, or measure what is there: overtrain eval RUN… --tasks \(path)")
      }
      files.append(
        try FileTasks(
          url, tokenizer: corpus.tokenizer, contextLength: config.model.contextLength, shots: nil,
          describe: { url throws(UserError) in
            try ConfigFile.load(TaskDescription.self, from: url)
          }))
    }
    try self.init(
      corpus: corpus, config: config.evaluation, contextLength: config.model.contextLength,
      others: others, files: files)
  }
}
