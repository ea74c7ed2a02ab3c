import ArgumentParser
import ConfigFiles
import Corpus
import Experiment
import Foundation

/// `overtrain data`: text to tokens.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Fetch, clean and tokenize a corpus.",
    discussion: """
      overtrain data configs/corpora/demo.yaml
      overtrain data --text books/ --name books --vocabulary-size 4096
      overtrain data --shards train.bin --validation-shards val.bin --tokenizer tokenizer.json \
      --name ready

      Makes data/corpora/NAME with token shards, tokenizer.json, tasks.jsonl and manifest.json; a \
      folder with a manifest is complete, and nothing is done again. After an interruption the same \
      command goes on: downloads are kept.
      """)

  @Argument(help: "A corpus config.", completion: .file(extensions: ["yaml"]))
  var config: String?

  @Option(help: "Text of your own: a file or folder of plain text, HTML or jsonl, gzip'd or not.")
  var text: [String] = []

  @Option(help: "The key of the text in jsonl.")
  var field = "text"

  @Option(help: "Ready-made token files of the training set, in llm.c's or nanoGPT's layout.")
  var shards: [String] = []

  @Option(help: "Ready-made token files of the validation set.")
  var validationShards: [String] = []

  @Option(help: "The tokenizer.json that made the shards.")
  var tokenizer: String?

  @Option(help: "Name of the corpus made with --text or --shards.")
  var name = "text"

  @Option(help: "Size of the vocabulary with --text; 256 is plain bytes.")
  var vocabularySize = 256

  @Option(help: "Share of the documents that is held out with --text.")
  var validationShare = 0.05

  @Option(
    name: [.customLong("out"), .customLong("corpora"), .customShort("o")],
    help: "The folder of corpora.")
  var corpora = "data/corpora"

  @Option(help: "Where downloads are kept.")
  var downloads = "data/downloads"

  @Flag(help: "Say what would be downloaded, and stop.")
  var dryRun = false

  @Flag(help: "Print the manifest as one JSON object.")
  var json = false

  func run() throws {
    if !shards.isEmpty { return try show(adoptedShards()) }
    let builder = try corpusBuilder()
    if dryRun { return try showPlan(builder) }
    if let manifest = try builder.existing() {
      Terminal.note("corpus \(manifest.name) is complete: \(builder.folder.path)")
      return try show(manifest)
    }
    let start = Date()
    let manifest = try builder.build(progress: Terminal.note)
    Terminal.note("made \(builder.folder.path) in \(Int(-start.timeIntervalSinceNow.rounded())) s")
    try show(manifest)
  }

  private func corpusBuilder() throws(UserError) -> CorpusBuilder {
    let corpusConfig = try corpusConfig()
    do throws(UserError) {
      return try CorpusBuilder(
        corpusConfig, corpora: URL(fileURLWithPath: corpora),
        downloads: URL(fileURLWithPath: downloads))
    } catch {
      throw config.map { ConfigFile.locate(error, in: URL(fileURLWithPath: $0)) } ?? error
    }
  }

  private func corpusConfig() throws(UserError) -> CorpusConfig {
    guard text.isEmpty == (config != nil) else {
      throw UserError(
        .usage, config == nil ? "nothing to make a corpus from" : "a config and --text at once",
        fix: "give one of: a config of configs/corpora, --text PATH, --shards FILE")
    }
    guard let config else {
      let sources = text.map { path in
        var source = CorpusConfig.Source()
        source.path = path
        source.field = field
        return source
      }
      var made = CorpusConfig(
        name: name, tokenizer: .init(vocabularySize: vocabularySize), sources: sources)
      made.validationShare = validationShare
      return made
    }
    return try ConfigFile.load(CorpusConfig.self, from: URL(fileURLWithPath: config))
  }

  private func adoptedShards() throws(UserError) -> CorpusManifest {
    guard let tokenizer, config == nil, text.isEmpty, !validationShards.isEmpty else {
      throw UserError(
        .usage, "--shards needs --validation-shards and --tokenizer, and neither config nor --text",
        fix: "see overtrain data --help")
    }
    guard name.isPlainFileName else {
      throw UserError(
        .usage, "--name \(name) is a path or hidden", fix: "use letters, digits, - and _")
    }
    let folder = URL(fileURLWithPath: corpora).appendingPathComponent(name)
    if FileManager.default.fileExists(atPath: folder.appendingPathComponent("manifest.json").path) {
      Terminal.note("corpus \(name) is complete: \(folder.path)")
      return try TokenizedCorpus(opening: folder).manifest
    }
    let sets = [
      TokenizedCorpus.AdoptedSet(
        name: "train", purpose: .training, files: shards.map { URL(fileURLWithPath: $0) },
        licence: "the user's"),
      TokenizedCorpus.AdoptedSet(
        name: "val", purpose: .validation, files: validationShards.map { URL(fileURLWithPath: $0) },
        licence: "the user's"),
    ]
    return try TokenizedCorpus.adopt(
      sets, tokenizer: URL(fileURLWithPath: tokenizer), name: name, into: folder
    ).manifest
  }

  private func show(_ manifest: CorpusManifest) throws {
    guard !json else {
      return print(String(decoding: try StableJSON.encode(manifest, pretty: false), as: UTF8.self))
    }
    print("set          documents        bytes       tokens  near-duplicates left")
    for set in manifest.sets {
      let left = manifest.nearDuplicatesLeft[set.name]
      print(
        column(set.name, 10), column(set.documents, 11), column(set.bytes, 12),
        column(set.tokens, 12), column(left.map(percent) ?? "–", 10))
    }
    print(
      column("tasks", 10), column(manifest.taskDocuments, 11), column("", 25),
      column(manifest.nearDuplicatesLeft["tasks"].map(percent) ?? "–", 10))
  }

  private func showPlan(_ builder: CorpusBuilder) throws {
    let plan = try builder.plannedDownloads()
    guard !json else {
      return print(String(decoding: try StableJSON.encode(plan, pretty: false), as: UTF8.self))
    }
    for item in plan {
      let state = item.isPresent ? "present" : item.bytes.map(\.megabytes) ?? "size unknown"
      print(column(item.name, 28), column(item.version, 22), column(state, 14))
    }
    let missing = plan.filter { !$0.isPresent }
    let unknown = missing.count { $0.bytes == nil }
    print(
      "to download: \(missing.reduce(0) { $0 + ($1.bytes ?? 0) }.megabytes) in \(missing.count) files"
        + (unknown > 0 ? ", \(unknown) of unknown size" : "")
        + (missing.isEmpty ? "" : ", and the package lists (about 10 MB)"))
  }

  private func percent(_ share: Double) -> String {
    "\(Double((share * 10_000).rounded()) / 100) %"
  }

  private func column(_ value: some CustomStringConvertible, _ width: Int) -> String {
    let text = "\(value)"
    let padding = String(repeating: " ", count: max(0, width - text.count))
    return value is any BinaryInteger ? padding + text : text + padding
  }
}
