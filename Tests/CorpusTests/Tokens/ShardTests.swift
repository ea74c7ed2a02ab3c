import Corpus
import Experiment
import Foundation
import Testing

struct ShardTests {
  private let tokens = (0..<1000).map { Int32($0 * 7 % 700) }

  /// A corpus of one set, tokens 0…699, with a task pool.
  private func make(
    _ folder: URL, compressed: Bool = false, shardTokens: Int = 300
  ) throws -> CorpusManifest {
    let tokenizer = try BPETrainer.train(
      documents: MixedText.documents.prefix(14), vocabularySize: 700)
    let tokenizerURL = folder.appendingPathComponent("tokenizer.json")
    try tokenizer.save(to: tokenizerURL)
    var writer = ShardWriter(
      folder: folder, name: "train", vocabularySize: 700, compressed: compressed,
      shardTokens: shardTokens)
    for start in stride(from: 0, to: 1000, by: 170) {
      try writer.append(Array(tokens[start..<min(start + 170, 1000)]))
    }
    let shards = try writer.finish()
    let tasks = Data("{\"text\":\"one\"}\n{\"text\":\"zwei \\u00e4\"}\n".utf8)
    try DurableFile.write(tasks, to: folder.appendingPathComponent("tasks.jsonl"))
    let manifest = CorpusManifest(
      name: "test", vocabularySize: 700,
      tokenizerSHA256: Checksum.sha256(of: try Data(contentsOf: tokenizerURL)), endOfText: 0,
      sets: [
        .init(
          name: "train", purpose: .training, documents: 1, bytes: 1, tokens: 1000, shards: shards)
      ],
      taskDocuments: 2, taskSHA256: Checksum.sha256(of: tasks), sources: [], nearDuplicatesLeft: [:]
    )
    try DurableFile.write(json: manifest, to: folder.appendingPathComponent("manifest.json"))
    return manifest
  }

  @Test(arguments: [false, true], [300, 500, 1000, 5000])
  func givesBackWhatWasWritten(compressed: Bool, shardTokens: Int) throws {
    try withTokenFolder { folder in
      let manifest = try make(folder, compressed: compressed, shardTokens: shardTokens)
      let end = compressed ? ".bin.gz" : ".bin"
      let names =
        shardTokens >= 1000
        ? ["train" + end]
        : (0..<(1000 + shardTokens - 1) / shardTokens).map { "train-00\($0)\(end)" }
      #expect(manifest.sets[0].shards.map(\.file) == names)
      let corpus = try TokenizedCorpus(opening: folder, verifying: true)
      #expect(corpus.manifest == manifest)
      #expect(try corpus.taskDocuments() == ["one", "zwei ä"])
      let sequence = try corpus.tokens(of: "train")
      #expect(sequence.count == 1000)
      for (first, count) in [
        (0, 1000), (0, 0), (299, 2), (300, 300), (599, 401), (999, 1), (1000, 0),
      ] {
        var copy = [Int32](repeating: -5, count: count + 2)
        sequence.copy(from: first, count: count, into: &copy, at: 1)
        #expect(copy == [-5] + tokens[first..<first + count] + [-5])
      }
    }
  }

  @Test func hasTheLayoutOfLlmC() throws {
    try withTokenFolder { folder in
      _ = try make(folder, shardTokens: 5000)
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("train.bin")))
      #expect(bytes.count == 1024 + 2000)
      #expect(bytes[0..<12] == [0x88, 0xd8, 0x34, 0x01, 1, 0, 0, 0, 0xe8, 3, 0, 0])
      #expect(bytes[12..<1024].allSatisfy { $0 == 0 })
      #expect(bytes[1024..<1030] == [0, 0, 7, 0, 14, 0])
    }
  }

  @Test func refusesAManifestThatDoesNotAddUp() throws {
    try withTokenFolder { folder in
      _ = try make(folder)
      let url = folder.appendingPathComponent("manifest.json")
      // In the first version, which had no digest that would tell by itself.
      let good = try String(contentsOf: url, encoding: .utf8)
        .replacing(/[ ]{2}"digest" : ".{64}",\n/, with: "")
        .replacingOccurrences(of: "\"version\" : 2", with: "\"version\" : 1")
      for (from, to) in [
        ("\"tokens\" : 1000", "\"tokens\" : 999"), ("\"tokens\" : 100", "\"tokens\" : -100"),
        ("\"tokens\" : 300", "\"tokens\" : \(Int.max)"), ("\"version\" : 1", "\"version\" : 3"),
        ("\"vocabularySize\" : 700", "\"vocabularySize\" : 70000"),
      ] {
        #expect(good.contains(from))
        try Data(good.replacingOccurrences(of: from, with: to).utf8).write(to: url)
        expectUserError(.badData) { _ = try TokenizedCorpus(opening: folder) }
      }
    }
  }

  @Test func saysWhereItCannotWrite() throws {
    try withTokenFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data([1]).write(to: file)
      var writer = ShardWriter(folder: file, name: "train", vocabularySize: 256)
      try writer.append([1, 2, 3])
      expectUserError(.io, "train.bin") { _ = try writer.finish() }
    }
  }

  @Test func namesWhatIsWrongAndWhere() throws {
    try withTokenFolder { folder in
      expectUserError(.missingInput, folder.path, "overtrain data") {
        _ = try TokenizedCorpus(opening: folder)
      }
      _ = try make(folder)
      let shard = folder.appendingPathComponent("train-001.bin")
      let good = try Data(contentsOf: shard)
      func expectBad(_ parts: String, verifying: Bool, _ bytes: Data) throws {
        try bytes.write(to: shard)
        expectUserError(.badData, "train-001.bin", parts) {
          _ = try TokenizedCorpus(opening: folder, verifying: verifying)
        }
      }
      func changed(_ offset: Int, _ byte: UInt8) -> Data {
        var bytes = good
        bytes[offset] = byte
        return bytes
      }
      try expectBad("byte 1600: truncated", verifying: false, good.prefix(1600))
      try expectBad("byte 500: truncated", verifying: false, good.prefix(500))
      try expectBad("byte 0: truncated", verifying: false, Data())
      try expectBad("byte 1624: 2 bytes follow", verifying: false, good + Data([0, 0]))
      try expectBad("byte 0: not a token shard", verifying: false, changed(0, 1))
      try expectBad("byte 4: shard version 2", verifying: false, changed(4, 2))
      try expectBad("byte 8: token count -", verifying: false, changed(11, 0x80))
      try expectBad(
        "byte 8: the header has 299", verifying: false, changed(8, 0x2b).dropLast(2))
      try expectBad("byte 1424: token id", verifying: true, changed(1425, 0xff))
      try expectBad("altered", verifying: true, changed(1424, good[1424] ^ 1))
      // Without verifying, the same change is not seen: that is what the flag costs.
      _ = try TokenizedCorpus(opening: folder)

      try FileManager.default.removeItem(at: shard)
      expectUserError(.missingInput, "train-001.bin") {
        _ = try TokenizedCorpus(opening: folder)
      }
      try good.write(to: shard)
      let corpus = try TokenizedCorpus(opening: folder, verifying: true)
      expectUserError(.badConfig, "'test'", "train") { _ = try corpus.tokens(of: "test") }

      try Data("{\"text\":\"one\"}\n".utf8).write(to: folder.appendingPathComponent("tasks.jsonl"))
      expectUserError(.badData, "tasks.jsonl", "altered") { _ = try corpus.taskDocuments() }
      try Tokenizer.bytes.save(to: folder.appendingPathComponent("tokenizer.json"))
      expectUserError(.badData, "tokenizer.json", "altered") {
        _ = try TokenizedCorpus(opening: folder)
      }
      try Data("{".utf8).write(to: folder.appendingPathComponent("manifest.json"))
      expectUserError(.badData, "manifest.json") { _ = try TokenizedCorpus(opening: folder) }
    }
  }

  /// Of a shard longer than a MiB, the damaged MiB is named; of an older corpus's, the whole file.
  @Test func damageHasAPlace() throws {
    try withTokenFolder { folder in
      let raw = folder.appendingPathComponent("raw")
      var writer = ShardWriter(folder: raw, name: "train", vocabularySize: 256)
      try writer.append((0..<1_500_000).map { Int32($0 % 251) })
      let shard = try #require(try writer.finish().first)
      #expect(shard.blocks?.count == 3)
      try Tokenizer.bytes.save(to: raw.appendingPathComponent("tokenizer.json"))
      let corpus = try TokenizedCorpus.adopt(
        [.init(name: "train", purpose: .training, files: [raw.appendingPathComponent(shard.file)])],
        tokenizer: raw.appendingPathComponent("tokenizer.json"), name: "c",
        into: folder.appendingPathComponent("c"))
      let url = corpus.folder.appendingPathComponent("train.bin")
      var bytes = try Data(contentsOf: url)
      bytes[2 << 20] ^= 1
      try bytes.write(to: url)
      expectUserError(.badData, "train.bin, bytes 2097152 to \(bytes.count): altered") {
        _ = try TokenizedCorpus(opening: corpus.folder, verifying: true)
      }
      let manifest = corpus.folder.appendingPathComponent("manifest.json")
      let older = try String(contentsOf: manifest, encoding: .utf8)
        .replacing(/[ ]{2}"digest" : ".{64}",\n/, with: "")
        .replacing(/"blocks" : \[[^\]]*\],/, with: "")
        .replacingOccurrences(of: "\"version\" : 2", with: "\"version\" : 1")
      #expect(!older.contains("blocks"))
      try Data(older.utf8).write(to: manifest)
      expectUserError(.badData, "train.bin, bytes 0 to \(bytes.count): altered") {
        _ = try TokenizedCorpus(opening: corpus.folder, verifying: true)
      }
    }
  }

  @Test func namesWhatIsWrongWithACompressedShard() throws {
    try withTokenFolder { folder in
      _ = try make(folder, compressed: true)
      let shard = folder.appendingPathComponent("train-001.bin.gz")
      let good = try Data(contentsOf: shard)
      let corpus = try TokenizedCorpus(opening: folder)
      for bytes in [good.prefix(good.count - 9), good.prefix(1), Data("nonsense".utf8)] {
        try bytes.write(to: shard)
        expectUserError(.badData, "train-001.bin.gz, byte") { _ = try corpus.tokens(of: "train") }
        expectUserError(.badData, "train-001.bin.gz, byte") {
          _ = try TokenizedCorpus(opening: folder, verifying: true)
        }
      }
    }
  }
}

struct AdoptedShardsTests {
  @Test func takesEveryLayout() throws {
    try withTokenFolder { folder in
      let tokens: [Int32] = [65, 66, 0, 67, 0]
      let raw = folder.appendingPathComponent("raw.bin")
      try Data(tokens.flatMap { [UInt8($0), 0] }).write(to: raw)
      var files = [raw]
      for compressed in [false, true] {
        var writer = ShardWriter(
          folder: folder, name: "mine", vocabularySize: 256, compressed: compressed)
        try writer.append(tokens)
        files += try writer.finish().map { folder.appendingPathComponent($0.file) }
      }
      let tokenizer = folder.appendingPathComponent("bytes.json")
      try Tokenizer.bytes.save(to: tokenizer)
      let corpus = try TokenizedCorpus.adopt(
        [
          .init(name: "train", purpose: .training, files: files),
          .init(name: "val", purpose: .validation, files: [raw]),
        ],
        tokenizer: tokenizer, name: "mine", into: folder.appendingPathComponent("corpus"),
        shardTokens: 4)
      _ = try TokenizedCorpus(opening: corpus.folder, verifying: true)
      let set = corpus.manifest.sets[0]
      #expect((set.documents, set.bytes, set.tokens, set.shards.count) == (6, 9, 15, 4))
      #expect(corpus.manifest.trainingTokens == 15)
      var copy = [Int32](repeating: 0, count: 15)
      try corpus.tokens(of: "train").copy(from: 0, count: 15, into: &copy, at: 0)
      #expect(copy == tokens + tokens + tokens)
      #expect(try corpus.taskDocuments().isEmpty)

      let wrong: [(Data, String)] = [
        (Data([65, 0, 0, 1]), "bad.bin, byte 2: token id 256"), (Data([65]), "bad.bin, byte 1"),
      ]
      for (bytes, part) in wrong {
        let bad = folder.appendingPathComponent("bad.bin")
        try bytes.write(to: bad)
        let target = folder.appendingPathComponent("other")
        expectUserError(.badData, part) {
          _ = try TokenizedCorpus.adopt(
            [.init(name: "train", purpose: .training, files: [bad])], tokenizer: tokenizer,
            name: "bad", into: target)
        }
        #expect(
          !FileManager.default.fileExists(
            atPath: target.appendingPathComponent("manifest.json").path))
      }
    }
  }
}
