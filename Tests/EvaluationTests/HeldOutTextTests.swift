import Corpus
import Evaluation
import Experiment
import Foundation
import Testing

/// Items are made of held-out text alone: the proof of the split, from text files to items.
@Suite struct HeldOutTextTests {
  /// 600 documents, a tenth of which repeat another but for a few words.
  private static var documents: [String] {
    let fresh = inventedDocuments(540)
    return fresh + fresh.prefix(60).map { $0.replacing(" the ", with: " lo ") }
  }

  @Test func noItemHasTrainingText() throws {
    let folder = try TemporaryFolder()
    let text = folder.url.appendingPathComponent("text")
    try FileManager.default.createDirectory(at: text, withIntermediateDirectories: true)
    for (i, document) in Self.documents.enumerated() {
      try Data(document.utf8).write(to: text.appendingPathComponent("\(i).txt"))
    }
    var source = CorpusConfig.Source()
    source.path = text.path
    source.proseOnly = false
    var config = CorpusConfig(
      name: "own", tokenizer: .init(vocabularySize: 256), sources: [source])
    config.validationShare = 0.2
    config.taskShare = 0.3
    let builder = try CorpusBuilder(
      config, corpora: folder.url, downloads: folder.url.appendingPathComponent("downloads"))
    let manifest = try builder.build(progress: { _ in })
    #expect(manifest.taskDocuments > 50)
    let corpus = try TokenizedCorpus(opening: builder.folder)
    let evaluator = try Evaluator(
      corpus: corpus,
      config: EvaluationConfig(
        validationTokens: 1 << 14,
        tasks: ["wordOrder-long", "continuation-long", "sameDocument-long", "nextWord-long@val"],
        itemsPerTask: 200),
      contextLength: 128)

    let sequence = try corpus.tokens(of: "train")
    var ids = [Int32](repeating: 0, count: sequence.count)
    sequence.copy(from: 0, count: ids.count, into: &ids, at: 0)
    let training = nGrams(String(decoding: corpus.tokenizer.decode(ids), as: UTF8.self))
    #expect(training.count > 10_000)
    var tested = 0
    for task in evaluator.tasks {
      #expect(task.items.count >= 100)
      for item in task.items {
        let choice = item.choices[item.correct]
        let words = String(
          decoding: corpus.tokenizer.decode(choice.context + choice.answer), as: UTF8.self)
        let found = nGrams(words)
        tested += found.count
        #expect(found.isDisjoint(with: training), "\(task.name): \(words)")
      }
    }
    #expect(tested > 1000)
    #expect {
      try Evaluator(
        corpus: corpus, config: EvaluationConfig(tasks: ["nextWord@train"]), contextLength: 64)
    } throws: { error in
      (error as? UserError)?.what.contains("no validation set") == true
    }
  }

  /// Thirteen words in a row, without marks; the first and the last word may be cut, so they go.
  private func nGrams(_ text: String) -> Set<ArraySlice<Substring>> {
    let words = text.split { !$0.isLetter }.dropFirst().dropLast()
    guard words.count >= 13 else { return [] }
    return Set((words.startIndex...words.endIndex - 13).map { words[$0..<$0 + 13] })
  }
}
