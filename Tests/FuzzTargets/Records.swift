import Experiment
import Foundation
import Training

extension FuzzTarget {
  /// What a run or a corpus leaves behind, without the digests by which alone every change is found.
  static func records(_ scratch: Scratch) throws -> [FuzzTarget] {
    func bare(_ value: some Sealed) throws -> [UInt8] {
      let file = String(
        decoding: try scratch.bytes { try DurableFile.write(json: value, to: $0) }, as: UTF8.self)
      return Array(
        file.replacing(/[ ]{2}"digest" : ".{64}",\n/, with: "")
          .replacingOccurrences(of: "\"version\" : 2", with: "\"version\" : 1").utf8)
    }
    let set = CorpusManifest.TokenSet(
      name: "train", purpose: .training, documents: 1, bytes: 9, tokens: 9,
      shards: [.init(file: "train.bin", tokens: 9, sha256: "cd")])
    let corpus = CorpusManifest(
      name: "c", vocabularySize: 256, tokenizerSHA256: "ab", endOfText: 0, sets: [set],
      taskDocuments: 0, taskSHA256: nil, sources: [], nearDuplicatesLeft: ["val": 0.5])
    let sealed = try scratch.bytes { try DurableFile.write(json: corpus, to: $0) }
    let manifest = FuzzTarget("manifest", seeds: [sealed, try bare(corpus)]) { input in
      let file = try scratch.put(input, "manifest.json")
      _ = try StableJSON.decode(CorpusManifest.self, from: file).fingerprint
    }

    let log = scratch.folder.appendingPathComponent("seed.jsonl")
    let writer = try MetricsLog(log, resumingAt: 0)
    for step in 1...4 {
      try writer.append(["step": Double(step), "tokens": 8, "train/loss": 1 / Double(step)])
    }
    let metrics = FuzzTarget("metrics", seeds: [Array(try Data(contentsOf: log))]) { input in
      _ = MetricsLog.intact(try scratch.put(input, "metrics.jsonl")).lines(through: 4)
    }
    return [manifest, metrics]
  }
}
