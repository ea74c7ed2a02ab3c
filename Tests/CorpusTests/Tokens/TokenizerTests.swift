import Corpus
import Experiment
import Foundation
import Testing

struct TokenizerTests {
  /// A small but complete tokenizer.json: 256 bytes, `<|endoftext|>`, and the merges given.
  private func write(
    _ folder: URL, merges: String = #"["a b", ["ab", "c"]]"#,
    extra: String = #","ab":257,"abc":258"#, preTokenizer: String? = nil, model: String = "",
    top: String = "", endOfText: String = #"[{"id":256,"content":"<|endoftext|>","special":true}]"#
  ) throws -> URL {
    try Tokenizer.bytes.save(to: folder.appendingPathComponent("bytes.json"))
    let bytes = try #require(
      JSONSerialization.jsonObject(
        with: Data(contentsOf: folder.appendingPathComponent("bytes.json"))) as? [String: Any])
    let vocabulary = try #require((bytes["model"] as? [String: Any])?["vocab"])
    let entries = try #require(
      String(bytes: JSONSerialization.data(withJSONObject: vocabulary), encoding: .utf8))
    let split = preTokenizer ?? #"{"type":"ByteLevel","add_prefix_space":false}"#
    let text = """
      {"added_tokens":\(endOfText),"pre_tokenizer":\(split)\(top),
       "model":{"type":"BPE"\(model),"vocab":\(entries.dropLast())\(extra)},"merges":\(merges)}}
      """
    let url = folder.appendingPathComponent("tokenizer.json")
    try Data(text.utf8).write(to: url)
    return url
  }

  @Test func readsBothSpellingsOfMerges() throws {
    try withTokenFolder { folder in
      let tokenizer = try Tokenizer(contentsOf: write(folder))
      #expect(tokenizer.vocabularySize == 259)
      #expect(tokenizer.endOfText == 256)
      #expect(tokenizer.encode("abc ab cab") == [258, 32, 257, 32, 99, 257])
      #expect(tokenizer.byteCounts[256...] == [0, 2, 3])
      #expect(tokenizer.decode([258, 256, 32]) == Array("abc ".utf8))
    }
  }

  @Test func readsTheSplitSpelling() throws {
    try withTokenFolder { folder in
      let pattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"#
      let split = """
        {"type":"Sequence","pretokenizers":[
          {"type":"Split","pattern":{"Regex":"\(pattern)"},"behavior":"Isolated","invert":false},
          {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}
        """
      let tokenizer = try Tokenizer(contentsOf: write(folder, preTokenizer: split))
      #expect(tokenizer.encode("abc") == [258])
    }
  }

  @Test func takesBytesAsTheyAre() throws {
    let bytes = Tokenizer.bytes
    #expect(bytes.vocabularySize == 256)
    #expect(bytes.endOfText == 0)
    #expect(bytes.byteCounts == [0] + Array(repeating: 1, count: 255))
    #expect(bytes.encode("aé\n") == [97, 195, 169, 10])
    try withTokenFolder { folder in
      let url = folder.appendingPathComponent("tokenizer.json")
      try bytes.save(to: url)
      let read = try Tokenizer(contentsOf: url)
      #expect(read.vocabularySize == 256)
      #expect(read.endOfText == 0)
      #expect(read.encode("aé\n") == [97, 195, 169, 10])
    }
  }

  @Test func keepsBytesThatAreNotUnicode() throws {
    let tokenizer = try Tokenizer(
      contentsOf: fixtures.appendingPathComponent("tokenizer_reference.json"))
    var random = RandomSource(seed: 7)
    for length in 0..<400 {
      let text = (0..<length).map { _ in
        random.integer(below: 2) == 0 ? UInt8(random.integer(below: 256)) : UInt8(ascii: " ")
      }
      var ids: [Int32] = []
      tokenizer.encode(text, into: &ids)
      #expect(tokenizer.decode(ids) == text)
    }
    // Truncated, overlong, surrogate and out-of-range sequences, at the end of the text as well.
    for text: [UInt8] in [
      [0xe2, 0x82], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff],
    ] {
      var ids: [Int32] = []
      tokenizer.encode(text, into: &ids)
      #expect(tokenizer.decode(ids) == text)
    }
  }

  /// A merge loop that is quadratic in the length would not end.
  @Test func encodesLongRuns() throws {
    let tokenizer = try Tokenizer(
      contentsOf: fixtures.appendingPathComponent("tokenizer_reference.json"))
    let text = [UInt8](repeating: UInt8(ascii: "e"), count: 1 << 20)
    var ids: [Int32] = []
    tokenizer.encode(text, into: &ids)
    #expect(tokenizer.decode(ids) == text)
  }

  @Test func textThatSpellsTheSeparatorIsText() throws {
    let tokenizer = try Tokenizer(
      contentsOf: fixtures.appendingPathComponent("tokenizer_reference.json"))
    let ids = tokenizer.encode("a<|endoftext|>b")
    #expect(!ids.contains(Int32(tokenizer.endOfText)))
    #expect(tokenizer.decode(ids) == Array("a<|endoftext|>b".utf8))
  }

  @Test func namesWhatIsWrongWithAFile() throws {
    try withTokenFolder { folder in
      let missing = folder.appendingPathComponent("none.json")
      expectUserError(.missingInput, "none.json") { _ = try Tokenizer(contentsOf: missing) }

      let broken = folder.appendingPathComponent("broken.json")
      try Data("{\"model\": [1, 2".utf8).write(to: broken)
      expectUserError(.badData, "broken.json", "not JSON") {
        _ = try Tokenizer(contentsOf: broken)
      }
      try Data(#"{"pre_tokenizer":null,"model":{"vocab":{}}}"#.utf8).write(to: broken)
      expectUserError(.badData, "model.merges", "missing") {
        _ = try Tokenizer(contentsOf: broken)
      }

      func expectBad(_ parts: String, _ make: () throws -> URL) {
        expectUserError(.badData, parts) { _ = try Tokenizer(contentsOf: make()) }
      }
      expectBad("model.merges[1]: token 'xy'") { try write(folder, merges: #"["a b", "xy c"]"#) }
      expectBad("model.merges[0]: result 'ba'") { try write(folder, merges: #"["b a"]"#) }
      expectBad("model.merges[1]") { try write(folder, merges: #"["a b", "a b c"]"#) }
      expectBad("id 257 belongs to two tokens, 'ab' and 'abc'") {
        try write(folder, extra: #","ab":257,"abc":257"#)
      }
      expectBad("no token has id 258 ('abc' has 300)") {
        try write(folder, extra: #","ab":257,"abc":300"#)
      }
      expectBad("no token has id 0 ('ab' has -1)") {
        try write(folder, merges: "[]", extra: #","ab":-1"#)
      }
      expectBad("not in the byte-level alphabet") {
        try write(folder, extra: #","ab":257,"abc":258,"\u2581x":259"#)
      }
      expectBad("'<|endoftext|>' has two ids") {
        try write(folder, extra: #","ab":257,"abc":258,"<|endoftext|>":259"#)
      }
      expectBad("the vocabulary has 65793 tokens") {
        let many = (257..<65_793).map { #","\#(String($0, radix: 16))_":\#($0)"# }.joined()
        return try write(folder, merges: "[]", extra: many)
      }
      expectBad("not special") {
        try write(folder, endOfText: #"[{"id":256,"content":"the","special":false}]"#)
      }
      expectBad("<|endoftext|>") {
        try write(folder, endOfText: #"[{"id":256,"content":"<pad>","special":true}]"#)
      }
      expectBad("pre_tokenizer") { try write(folder, preTokenizer: "null") }
      expectBad("pre_tokenizer is not GPT-2's") {
        try write(folder, preTokenizer: #"{"type":"ByteLevel","add_prefix_space":true}"#)
      }
      expectBad("normalizer is 'NFC'") { try write(folder, top: #","normalizer":{"type":"NFC"}"#) }
      expectBad("model.dropout") { try write(folder, model: #","dropout":0.1"#) }
      expectBad("model.ignore_merges") { try write(folder, model: #","ignore_merges":true"#) }
    }
  }
}

struct BPETrainerTests {
  @Test func joinsTheMostFrequentPairFirst() throws {
    // l-o 5, o-w 5, w-e 3, e-r 3, space-l 4: ties go to the token that is first in the alphabet.
    let tokenizer = try BPETrainer.train(
      documents: [Array("low low low lower lower lowest".utf8)], vocabularySize: 259)
    #expect(tokenizer.encode("low").count == 1)
    #expect(tokenizer.endOfText == 0)
    #expect(tokenizer.decode([257]) == Array("lo".utf8))
    #expect(tokenizer.decode([258]) == Array("low".utf8))
  }

  @Test func countsOverlapsOnce() throws {
    // "aaa" has two pairs but room for one merge: aa aa aa a, aaaa aa a, aaaa aaa.
    let tokenizer = try BPETrainer.train(
      documents: Array(repeating: Array("aaaaaaa".utf8), count: 3), vocabularySize: 260)
    #expect(tokenizer.encode("aaaaaaa") == [258, 259])
    #expect(tokenizer.decode([257]) == Array("aa".utf8))
    #expect(tokenizer.decode([258]) == Array("aaaa".utf8))
    #expect(tokenizer.decode([259]) == Array("aaa".utf8))
  }

  @Test func doesNotDependOnTheOrderOfDocuments() throws {
    let documents = Array(MixedText.documents.prefix(14))
    let forward = try BPETrainer.train(documents: documents, vocabularySize: 700)
    let backward = try BPETrainer.train(documents: documents.reversed(), vocabularySize: 700)
    for id in Int32(0)..<700 { #expect(forward.decode([id]) == backward.decode([id])) }
  }

  @Test func reachesEverySizeOrSaysWhyNot() throws {
    let documents = Array(MixedText.documents.prefix(14))
    for size in [256, 257, 258, 1000] {
      let tokenizer = try BPETrainer.train(documents: documents, vocabularySize: size)
      #expect(tokenizer.vocabularySize == size)
      var ids: [Int32] = []
      tokenizer.encode(documents[3], into: &ids)
      #expect(tokenizer.decode(ids) == documents[3])
    }
    for size in [0, 255, 65_537] {
      expectUserError(.badConfig, "\(size)") {
        _ = try BPETrainer.train(documents: documents, vocabularySize: size)
      }
    }
    expectUserError(.badData, "not for 400") {
      _ = try BPETrainer.train(documents: [Array("too little text".utf8)], vocabularySize: 400)
    }
  }
}
