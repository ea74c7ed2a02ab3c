import ConfigFiles
import Corpus
import Experiment
import Foundation
import Kernels
import Model
import ScalingLaws
import Testing
import Training

/// Every parser of bytes that other people made.
@Suite(.serialized)
struct ParserTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// A parser that reads a file, fed with bytes.
  private func withFile(_ body: @escaping (URL) throws -> Void) throws -> ([UInt8]) throws -> Void {
    let shared = URL(fileURLWithPath: "/dev/shm")
    let memory = FileManager.default.isWritableFile(atPath: shared.path)
    let file = (memory ? shared : FileManager.default.temporaryDirectory)
      .appendingPathComponent("overtrain-fuzz-\(UUID())")
    return { bytes in
      defer { try? FileManager.default.removeItem(at: file) }
      try Data(bytes).write(to: file)
      try body(file)
    }
  }

  private func configs(_ folder: String) throws -> [[UInt8]] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(folder)
    return try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
      .filter { $0.hasSuffix(".yaml") }
      .map { Array(try Data(contentsOf: root.appendingPathComponent($0))) }
  }

  @Test func grids() throws {
    let more = """
      name: g
      corpora: [c, d]
      model: { contextLength: 32, sizes: { a: &a { width: 16, layers: 1, heads: 2 }, b: *a } }
      tokens: [1000, 2e3]
      exclude: [a20, { size: [a], seed: 1 }]
      overrides: [{ match: { size: a }, training: { learningRate: 0.1 } }]
      """
    try Fuzzing(name: "grid", seeds: try configs("configs") + [bytes(more)]) { input in
      let grid = try ConfigFile.parse(
        GridConfig.self, String(decoding: input, as: UTF8.self), file: "g")
      let set = CorpusManifest.TokenSet(
        name: "train", purpose: .training, documents: 1, bytes: 1, tokens: 1_000_000, shards: [])
      let manifest = CorpusManifest(
        name: "c", vocabularySize: 256, tokenizerSHA256: "", endOfText: 0, sets: [set],
        taskDocuments: 0, taskSHA256: nil, sources: [], nearDuplicatesLeft: [:])
      let names = grid.corpora.values + (grid.zip ?? []).flatMap { $0.corpus?.values ?? [] }
      _ = try grid.resolve(corpora: Dictionary(names.map { ($0, manifest) }) { a, _ in a })
    }.run()
  }

  @Test func corpusConfigs() throws {
    try Fuzzing(name: "corpus", seeds: try configs("configs/corpora")) { input in
      try ConfigFile.parse(
        CorpusConfig.self, String(decoding: input, as: UTF8.self), file: "c"
      ).validate()
    }.run()
  }

  @Test func tokenizers() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("t.json")
    try Tokenizer.bytes.save(to: file)
    var seeds = [Array(try Data(contentsOf: file))]
    try BPETrainer.train(
      documents: [bytes("the cat sat on the mat, the cat sat")], vocabularySize: 264
    ).save(to: file)
    seeds.append(Array(try Data(contentsOf: file)))
    let parse = try withFile { url in
      let tokenizer = try Tokenizer(contentsOf: url)
      var output: [Int32] = []
      tokenizer.encode(Array("the cat's 12 mats\n".utf8), into: &output)
    }
    try Fuzzing(name: "tokenizer", seeds: seeds, parse: parse).run()
  }

  @Test func safetensors() throws {
    var options = ModelOptions()
    options.contextLength = 4
    options.layers = 1
    options.width = 4
    options.heads = 1
    let layout = try ModelConfig(options, vocabularySize: 8).build().layout
    let buffer = ParameterBuffer(layout)
    let seed = Array(try SafeTensors.encode([("", buffer)]))
    let parse = try withFile { try SafeTensors.load([("", buffer)], from: $0) }
    try Fuzzing(name: "safetensors", seeds: [seed], parse: parse).run()
  }

  @Test func shards() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var writer = ShardWriter(folder: folder, name: "train", vocabularySize: 300)
    try writer.append((0..<300).map { Int32($0) })
    let shard = folder.appendingPathComponent(try writer.finish()[0].file)
    let parse = try withFile { url in
      let tokens = try TokenSequence(opening: url, vocabularySize: 300)
      var output = [Int32](repeating: 0, count: tokens.count)
      tokens.copy(from: 0, count: tokens.count, into: &output, at: 0)
    }
    try Fuzzing(name: "shard", seeds: [Array(try Data(contentsOf: shard))], parse: parse).run()
  }

  @Test func gzip() throws {
    let text = bytes(String(repeating: "the cat sat on the mat. ", count: 40))
    let seeds = [Gzip.compress(text), Gzip.compress([]), Gzip.compress(text) + Gzip.compress([1])]
    try Fuzzing(name: "gzip", seeds: seeds) { input in
      do {
        _ = try Gzip.decompress(input, limit: 4 * input.count + 65_536)
      } catch { throw Fuzzing.Expected() }
    }.run()
  }

  @Test func jsonLines() throws {
    let seeds = [
      #"{"text": "It was a day.\nNext.", "n": 1}"# + "\n" + #"{"text": "Ümlaut 😀 \ud83d\ude00"}"#,
      "{\"text\": \"\"}\n\n",
    ].map(bytes)
    try Fuzzing(name: "jsonl", seeds: seeds) { input in
      _ = try JSONText.lines(input, field: "text", file: "f")
    }.run()
    let object = [bytes(#"{"a": {"text": "It was"}, "b": {"title": "x", "text": "Next\nday"}}"#)]
    try Fuzzing(name: "json", seeds: object) { input in
      _ = try JSONText.object(input, field: "text", file: "f")
    }.run()
  }

  @Test func tables() throws {
    let seeds = [
      "N,D,loss,error,role,run\n1e7,2e8,4.1,0.6,fit,a\n2e7,4e8,3.9,0.55,holdout,\"b, c\"\n",
      "run,N,D,loss\r\na,10800,216000,3.2\r\n",
    ].map(bytes)
    try Fuzzing(name: "csv", seeds: seeds) { input in
      _ = try LawData(csvText: String(decoding: input, as: UTF8.self), name: "f")
    }.run()
  }

  @Test func recordsManifestsAndLogs() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("f")
    let manifest = CorpusManifest(
      name: "c", vocabularySize: 256, tokenizerSHA256: "ab", endOfText: 0,
      sets: [
        .init(
          name: "train", purpose: .training, documents: 1, bytes: 9, tokens: 9,
          shards: [.init(file: "train.bin", tokens: 9, sha256: "cd")])
      ], taskDocuments: 0, taskSHA256: nil, sources: [], nearDuplicatesLeft: ["val": 0.5])
    try DurableFile.write(json: manifest, to: file)
    let sealed = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    // Without the digest every change would be found by it alone.
    let bare = sealed.replacing(/[ ]{2}"digest" : ".{64}",\n/, with: "")
      .replacingOccurrences(of: "\"version\" : 2", with: "\"version\" : 1")
    let parse = try withFile {
      _ = try StableJSON.decode(CorpusManifest.self, from: $0).fingerprint
    }
    try Fuzzing(name: "manifest", seeds: [bytes(sealed), bytes(bare)], parse: parse).run()

    let log = try MetricsLog(file.appendingPathExtension("jsonl"), resumingAt: 0)
    for step in 1...4 {
      try log.append(["step": Double(step), "tokens": 8, "train/loss": 1 / Double(step)])
    }
    let lines = Array(try Data(contentsOf: file.appendingPathExtension("jsonl")))
    let read = try withFile { _ = MetricsLog.intact($0).lines(through: 4) }
    try Fuzzing(name: "metrics", seeds: [lines], parse: read).run()
  }

  @Test func textFormats() throws {
    let page = bytes(
      "<html><head><title>x</title></head><body><p>It was a day &amp; <b>a night</b>.</p>"
        + "<pre>a\n b</pre><!-- c --><ul><li>One &#233; two</li></ul></body></html>")
    try Fuzzing(name: "html", seeds: [page]) { _ = Markup.page.paragraphs($0) }.run()
    let man = bytes(
      ".TH CAT 1\n.SH NAME\ncat \\- print\n.PP\n\\fBcat\\fR [\\fIfile\\fP]\n.nf\nx\n.fi\n")
    try Fuzzing(name: "man", seeds: [man]) { _ = manParagraphs($0) }.run()
    let pod = bytes(
      "=head1 NAME\n\nA B<bold C<code>> L<x|y>.\n\n=over 4\n\n=item a\n\n=back\n\n=cut\n")
    try Fuzzing(name: "pod", seeds: [pod]) { _ = podParagraphs($0) }.run()
    let dictd = bytes(
      "00-database-short\n  x\ncat\n   n 1: a beast [syn: {cat}]\n\ndog\n   n 1: b\n")
    try Fuzzing(name: "dictd", seeds: [dictd]) {
      _ = dictdEntries($0)
      _ = dictdEntries($0, withoutOrigins: true)
    }.run()
    let wordNet = bytes(
      "  1 licence\n00001740 03 n 01 entity 0 003 ~ 00001930 n 0000 | that which is\n")
    try Fuzzing(name: "wordnet", seeds: [wordNet]) {
      _ = wordNetEntries($0, partOfSpeech: "noun")
    }.run()
    try Fuzzing(name: "fortunes", seeds: [bytes("One.\n\t-- A\n%\nTwo\n%\n")]) {
      _ = fortuneEntries($0)
      _ = codeBlocks($0)
      _ = plainParagraphs($0)
      _ = packageDescriptions($0)
    }.run()
  }

  @Test func binaryFormats() throws {
    func little(_ value: Int) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let verse = bytes("<w>Verse</w> of the <note>x</note>book.")
    // A module is three files: their lengths lead, so that one input has them all.
    let block = Array(Gzip.compress(verse).dropFirst(10))
    let parts = [
      block, little(0) + little(block.count) + little(verse.count),
      little(0) + little(0) + [UInt8(verse.count), 0],
    ]
    let seed = parts.flatMap { [UInt8($0.count)] + $0 }
    try Fuzzing(name: "sword", seeds: [seed]) { input in
      var rest = input[...]
      let files = (0..<3).map { _ -> [UInt8] in
        let count = Int(rest.popFirst() ?? 0)
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
      for driver in ["zText", "zCom4"] {
        _ = SwordModule(configuration: Array("[X]\nModDrv=\(driver)\n".utf8))
          .documents(blocks: files[0], index: files[1], verses: files[2])
      }
      _ = SwordModule.entries(index: files[1], blocks: files[0])
    }.run()
    let strings: [UInt8] = [88, 10, 0, 4, 0, 9, 0, 0, 0, 3, 97, 98, 99]
    try Fuzzing(name: "rdata", seeds: [[0, 0, 0, 13] + strings, strings]) {
      _ = rDataTexts($0)
    }.run()
  }
}
