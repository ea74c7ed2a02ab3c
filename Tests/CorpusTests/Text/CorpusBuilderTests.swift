import Corpus
import Experiment
import Foundation
import Synchronization
import Testing

@Suite struct CorpusBuilderTests {
  private func config(_ paths: [URL], name: String = "own") -> CorpusConfig {
    let sources = paths.map { path in
      var source = CorpusConfig.Source()
      source.path = path.path
      return source
    }
    var config = CorpusConfig(name: name, tokenizer: .init(vocabularySize: 256), sources: sources)
    config.validationShare = 0.1
    config.taskShare = 0.1
    return config
  }

  private func builder(_ config: CorpusConfig, in folder: URL) throws -> CorpusBuilder {
    try CorpusBuilder(
      config, corpora: folder.appendingPathComponent("corpora"),
      downloads: folder.appendingPathComponent("downloads"))
  }

  /// A folder of text in four formats, each with its own words.
  private func writeTexts(_ folder: URL) throws -> URL {
    let texts = folder.appendingPathComponent("texts")
    try FileManager.default.createDirectory(at: texts, withIntermediateDirectories: true)
    var babble = Babble(seed: 10)
    for i in 0..<40 {
      let file = texts.appendingPathComponent("part-\(i).txt")
      try Data(babble.text(paragraphs: 10).utf8).write(to: file)
    }
    let page = "<html><p>" + babble.text(paragraphs: 9).replacing("\n\n", with: "<p>")
    try Data(page.utf8).write(to: texts.appendingPathComponent("page.html"))
    let line = #"{"text": "\#(babble.paragraph())"}"#
    try Data((line + "\n").utf8).write(to: texts.appendingPathComponent("lines.jsonl"))
    let latin1 = bytes(babble.text(paragraphs: 3) + " Caf") + [0xE9, 0x2E]
    try Data(latin1).write(to: texts.appendingPathComponent("latin1.txt"))
    try Data([0, 1, 2, 3]).write(to: texts.appendingPathComponent("binary"))
    return texts
  }

  @Test func aUsersTextBecomesACorpus() throws {
    try withFolder { folder in
      let builder = try builder(config([writeTexts(folder)]), in: folder)
      #expect(try builder.existing() == nil)
      let manifest = try builder.build { _ in }
      let corpus = try TokenizedCorpus(opening: builder.folder, verifying: true)
      #expect(corpus.manifest == manifest)
      #expect(manifest.sets.map(\.name) == ["train", "val"])
      for set in manifest.sets {
        #expect(set.documents > 0 && set.tokens == set.bytes + set.documents)
      }
      #expect(try corpus.taskDocuments().count == manifest.taskDocuments)
      #expect(manifest.taskDocuments > 0)
      let sources = manifest.sources
      #expect(sources.count == 1 && sources[0].documents == 43)
      // Nothing but the corpus is left, and no NUL but between documents.
      let names = try FileManager.default.contentsOfDirectory(
        atPath: builder.folder.deletingLastPathComponent().path)
      #expect(Set(names) == ["own", ".own.lock"])
    }
  }

  /// A corpus with the tokenizer of another: neither trains on what the other holds out.
  @Test func corporaOfOneTokenizerHoldOutApart() throws {
    try withFolder { folder in
      var babble = Babble(seed: 21)
      var documents = (0..<60).map { _ in babble.text(paragraphs: 4) }
      func write(_ documents: [String], _ name: String) throws -> URL {
        let texts = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: texts, withIntermediateDirectories: true)
        for (i, document) in documents.enumerated() {
          try Data(document.utf8).write(to: texts.appendingPathComponent("\(i).txt"))
        }
        return texts
      }
      var first = try config([write(documents, "first")], name: "first")
      first.tokenizer.vocabularySize = 300
      first.validationShare = 0.3
      _ = try builder(first, in: folder).build { _ in }
      // The second has text of its own, and that of the first with another beginning and end.
      documents =
        (0..<60).map { _ in babble.text(paragraphs: 4) }
        + documents.map { "Some words before it all. " + $0 + " And some words after it all." }
      var second = try config([write(documents, "second")], name: "second")
      second.tokenizer = .init(vocabularySize: 300)
      second.tokenizer.corpus = "first"
      second.validationShare = 0.3
      let lines = Lines()
      _ = try builder(second, in: folder).build { lines.all.append($0) }
      #expect(lines.all.contains { $0.hasSuffix("paragraphs that first holds out left out") })
      let corpora = try ["first", "second"].map {
        try TokenizedCorpus(opening: folder.appendingPathComponent("corpora/\($0)"))
      }
      #expect(corpora[0].manifest.tokenizerSHA256 == corpora[1].manifest.tokenizerSHA256)
      func grams(_ corpus: TokenizedCorpus, _ set: String) throws -> Set<ArraySlice<Substring>> {
        let tokens = try corpus.tokens(of: set)
        var ids = [Int32](repeating: 0, count: tokens.count)
        tokens.copy(from: 0, count: ids.count, into: &ids, at: 0)
        var found: Set<ArraySlice<Substring>> = []
        for document in ids.split(separator: Int32(corpus.tokenizer.endOfText)) {
          let text = String(decoding: corpus.tokenizer.decode(Array(document)), as: UTF8.self)
          for line in text.split(separator: "\n") {
            let words = line.split { !$0.isLetter }
            for i in 0..<max(0, words.count - 12) { found.insert(words[i..<i + 13]) }
          }
        }
        return found
      }
      for (held, trained) in [(0, 1), (1, 0), (0, 0), (1, 1)] {
        let (a, b) = try (grams(corpora[held], "val"), grams(corpora[trained], "train"))
        #expect(a.count > 20 && b.count > 200 && a.isDisjoint(with: b), "\(held) \(trained)")
      }
      second.tokenizer.vocabularySize = 400
      second.name = "third"
      let wrong = try builder(second, in: folder)
      #expect { try wrong.build { _ in } } throws: { ($0 as? UserError)?.kind == .badConfig }
    }
  }

  @Test func aSecondBuildDoesNothingAndAnotherConfigIsRefused() throws {
    try withFolder { folder in
      var config = try config([writeTexts(folder)])
      let first = try builder(config, in: folder)
      let manifest = try first.build { _ in }
      let lines = Lines()
      #expect(try first.build { lines.all.append($0) } == manifest)
      #expect(lines.all.isEmpty)
      config.validationShare = 0.2
      let other = try builder(config, in: folder)
      let error = #expect(throws: UserError.self) { try other.build { _ in } }
      #expect(error?.kind == .badConfig)
    }
  }

  @Test func whatAKilledBuildLeftIsReplacedByTheSameCorpus() throws {
    try withFolder { folder in
      let config = try config([writeTexts(folder)])
      let first = try builder(config, in: folder)
      let manifest = try first.build { _ in }
      let corpora = first.folder.deletingLastPathComponent()
      // As after a kill: a half-written folder, and an incomplete one under the name itself.
      let partial = corpora.appendingPathComponent(".own.partial")
      try FileManager.default.moveItem(at: first.folder, to: partial)
      try FileManager.default.removeItem(at: partial.appendingPathComponent("manifest.json"))
      try FileManager.default.copyItem(at: partial, to: first.folder)
      #expect(try first.build { _ in } == manifest)
      #expect(!FileManager.default.fileExists(atPath: partial.path))
      _ = try TokenizedCorpus(opening: first.folder, verifying: true)
    }
  }

  @Test func aBuildWaitsForAnother() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("overtrain-text-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let builder = try builder(config([writeTexts(folder)]), in: folder)
    let said = Mutex("")
    var other: FileLock? = try FileLock(folder.appendingPathComponent("corpora/.own.lock")) { _ in }
    // On a thread of its own: one of the pool's may be the only one, and this test has it.
    let made = Mutex<CorpusManifest?>(nil)
    Thread.detachNewThread {
      let manifest = try? builder.build { line in said.withLock { $0 += line } }
      made.withLock { $0 = manifest }
    }
    while said.withLock({ $0.isEmpty }) { Thread.sleep(forTimeInterval: 0.005) }
    #expect(said.withLock { $0 }.contains("is making corpus own: waiting for it"))
    Thread.sleep(forTimeInterval: 0.05)
    #expect(try builder.existing() == nil)
    #expect(other != nil)
    other = nil
    for _ in 0..<12_000 where made.withLock({ $0 == nil }) {
      Thread.sleep(forTimeInterval: 0.005)
    }
    #expect(made.withLock { $0?.name } == "own")
  }

  @Test func aVocabularyIsTrained() throws {
    try withFolder { folder in
      var config = try config([writeTexts(folder)])
      config.tokenizer = .init(vocabularySize: 300, sampleBytes: 20_000)
      let manifest = try builder(config, in: folder).build { _ in }
      #expect(manifest.vocabularySize == 300)
      let train = try #require(manifest.sets.first)
      #expect(Double(train.bytes) / Double(train.tokens) > 1.3)
    }
  }

  @Test func syntheticTextNeedsNoNetwork() throws {
    try withFolder { folder in
      var config = config([])
      for set in [nil, "other"] {
        var source = CorpusConfig.Source()
        source.registry = .synthetic
        (source.set, source.bytes, source.seed) = (set, 400_000, 7)
        config.sources.append(source)
      }
      let manifest = try builder(config, in: folder).build { _ in }
      #expect(manifest.sets.map(\.name) == ["train", "val", "other"])
      #expect(manifest.sources.map(\.bytes) == [400_000, 400_000])
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    try withFolder { folder in
      let absent = try builder(config([folder.appendingPathComponent("absent")]), in: folder)
      let missing = #expect(throws: UserError.self) { try absent.build { _ in } }
      #expect(missing?.kind == .missingInput)
      #expect(missing?.location?.hasSuffix("absent") == true)

      let empty = folder.appendingPathComponent("empty.txt")
      try Data().write(to: empty)
      let lines = Lines()
      let error = #expect(throws: UserError.self) {
        try builder(config([empty]), in: folder).build { lines.all.append($0) }
      }
      #expect(error?.kind == .badData)
      #expect(error?.what.contains("train") == true)
      #expect(lines.text.contains("no text in"))
    }
  }

  @Test func aFolderThatCannotBeWrittenIsNamed() throws {
    try withFolder { folder in
      let texts = try writeTexts(folder)
      try Data().write(to: folder.appendingPathComponent("corpora"))  // a file where a folder goes
      let error = #expect(throws: UserError.self) {
        try builder(config([texts]), in: folder).build { _ in }
      }
      #expect(error?.kind == .io)
    }
  }

  @Test func configsThatCannotBeUsedAreRefused() throws {
    try withFolder { folder in
      func refused(_ change: (inout CorpusConfig) -> Void) -> String? {
        var config = config([folder])
        change(&config)
        do {
          _ = try builder(config, in: folder)
          return nil
        } catch { return (error as? UserError)?.location }
      }
      #expect(refused { _ in } == nil)
      #expect(refused { $0.sources = [] } == "sources")
      #expect(refused { $0.sources[0].set = "val" } == "sources")
      #expect(refused { $0.sources[0].set = "other" } == "sources")
      #expect(refused { $0.sources[0].path = nil } == "sources")
      #expect(refused { $0.sources[0].format = .json } == "sources")
      #expect(refused { $0.name = "../x" } == "name")
      #expect(refused { $0.validationShare = 0.7 } == "validationShare")
      #expect(refused { $0.taskShare = -0.1 } == "taskShare")
      #expect(refused { $0.tokenizer.vocabularySize = 100 } == "tokenizer.vocabularySize")
      #expect(refused { $0.maximumTrainingBytes = 0 } == "maximumTrainingBytes")
    }
  }
}
