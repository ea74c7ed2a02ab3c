import Corpus
import Experiment
import Foundation
import Testing

/// Agreement with the `tokenizers` package, whose results a script put into Tests/Fixtures.
struct TokenizerReferenceTests {
  struct Fixture: Decodable {
    let textSHA256: String
    let idsSHA256: String
    let tokens: [Int]
    let documentSHA256: [String]
    let classesSHA256: String
    let letters: Int
    let numbers: Int
    let spaces: Int
  }

  let fixture: Fixture
  let tokenizerURL = fixtures.appendingPathComponent("tokenizer_reference.json")

  init() throws {
    fixture = try StableJSON.decode(
      Fixture.self, from: fixtures.appendingPathComponent("tokenizer_fixture.json"))
    try #require(
      Checksum.sha256(of: Data(MixedText.documents.joined())) == fixture.textSHA256,
      "MixedText does not make the text of the script")
  }

  @Test func encodesAsTheReferenceDoes() throws {
    let tokenizer = try Tokenizer(contentsOf: tokenizerURL)
    var all: [Int32] = []
    for (number, document) in MixedText.documents.enumerated() {
      var ids: [Int32] = []
      tokenizer.encode(document, into: &ids)
      #expect(ids.count == fixture.tokens[number], "document \(number)")
      #expect(
        Checksum.sha256(of: littleEndian(ids)).hasPrefix(fixture.documentSHA256[number]),
        "document \(number)")
      #expect(tokenizer.decode(ids) == document, "document \(number)")
      all += ids
    }
    #expect(Checksum.sha256(of: littleEndian(all)) == fixture.idsSHA256)
    #expect(
      all.reduce(0) { $0 + tokenizer.byteCounts[Int($1)] } == MixedText.documents.joined().count)
  }

  @Test func trainsAsTheReferenceDoes() throws {
    let reference = try Tokenizer(contentsOf: tokenizerURL)
    let even = stride(from: 0, to: 128, by: 2).lazy.map { MixedText.documents[$0] }
    let trained = try BPETrainer.train(
      documents: even, vocabularySize: reference.vocabularySize)
    try withTokenFolder { folder in
      let (ours, theirs) = (
        folder.appendingPathComponent("ours.json"), folder.appendingPathComponent("theirs.json")
      )
      try trained.save(to: ours)
      try reference.save(to: theirs)
      #expect(try Data(contentsOf: ours) == Data(contentsOf: theirs))
    }
  }

  @Test func knowsTheClassOfEveryScalar() {
    var classes: [UInt8] = []
    for value in UInt32(0)..<0x110000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      classes.append(Array("OLNS".utf8)[Int(CharacterClass.classify(scalar))])
    }
    #expect(classes.count { $0 == UInt8(ascii: "L") } == fixture.letters)
    #expect(classes.count { $0 == UInt8(ascii: "N") } == fixture.numbers)
    #expect(classes.count { $0 == UInt8(ascii: "S") } == fixture.spaces)
    #expect(Checksum.sha256(of: classes) == fixture.classesSHA256)
  }

  @Test func encodesAtTheSameTimeOnManyThreads() async throws {
    let tokenizer = try Tokenizer(contentsOf: tokenizerURL)
    let documents = MixedText.documents
    let counts = await withTaskGroup(of: (Int, String).self) { group in
      for number in 0..<documents.count {
        group.addTask {
          var ids: [Int32] = []
          tokenizer.encode(documents[number], into: &ids)
          return (number, Checksum.sha256(of: littleEndian(ids)))
        }
      }
      return await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
    }
    for (number, hash) in counts {
      #expect(hash.hasPrefix(fixture.documentSHA256[number]), "document \(number)")
    }
  }
}

private func littleEndian(_ ids: [Int32]) -> [UInt8] {
  ids.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
}
