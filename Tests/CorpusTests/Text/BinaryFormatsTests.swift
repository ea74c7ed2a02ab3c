import Corpus
import Experiment
import Testing

@Suite struct BinaryFormatsTests {
  @Test(arguments: [10, 12]) func swordVersesAreFoundThroughTheIndex(width: Int) {
    let verses = (0..<10).map { "<w>Verse</w> \($0) of the <note>x</note>book." }
    var (text, index): ([UInt8], [UInt8]) = ([], [])
    for (i, verse) in verses.enumerated() {
      let record = littleEndian(0) + littleEndian(text.count)
      index += record + littleEndian(verse.utf8.count, bytes: width - 8)
      // An index has empty verses, and may list a verse again.
      if i == 3 { index += littleEndian(0, bytes: width) }
      if i == 4 { index += record + littleEndian(verse.utf8.count, bytes: width - 8) }
      text += bytes(verse)
    }
    let packed = [9, 9] + zlibStored(text)
    let blocks = littleEndian(2) + littleEndian(packed.count - 2) + littleEndian(text.count)
    let bible = SwordModule(configuration: bytes("[X]\nModDrv=zText\n"))
    let expected = (0..<10).map { "Verse \($0) of the book." }
    #expect(
      bible.documents(blocks: packed, index: blocks, verses: index).map { $0.map(string) }
        == [[expected[0..<8].joined(separator: " "), expected[8...].joined(separator: " ")]])
    let commentary = SwordModule(configuration: bytes("ModDrv=zCom4\n"))
    #expect(
      commentary.documents(blocks: packed, index: blocks, verses: index).map { $0.map(string) }
        == [expected])
  }

  @Test func damagedSwordFilesGiveNothing() {
    let module = SwordModule(configuration: bytes("ModDrv=zText\n"))
    let blocks = littleEndian(0) + littleEndian(5) + littleEndian(5)
    let verse = littleEndian(7) + littleEndian(0) + littleEndian(5, bytes: 2)
    #expect(module.documents(blocks: [1, 2, 3], index: blocks, verses: verse).isEmpty)
    #expect(module.documents(blocks: [], index: blocks + [1], verses: [1, 2, 3]).isEmpty)
  }

  @Test func swordDictionariesListTheirEntries() {
    let entries = ["<entry>one</entry>", "two &amp; three"].map(bytes)
    var block = littleEndian(2)
    var offset = 4 + 16
    for entry in entries {
      block += littleEndian(offset) + littleEndian(entry.count)
      offset += entry.count
    }
    let packed = zlibStored(block + entries.joined())
    let index = littleEndian(0) + littleEndian(packed.count)
    #expect(
      SwordModule.entries(index: index, blocks: packed).map(string) == ["one", "two & three"])
  }

  @Test func stringsOfRDataBecomeLines() {
    func object(_ strings: [String]) -> [UInt8] {
      [88, 10] + strings.flatMap { [0, 4, 0, 9] + bigEndian(UInt32($0.utf8.count)) + bytes($0) }
    }
    let records = [object(["It was", "a day.", "", "Next."]), object(["Other"])]
    let file = records.flatMap { bigEndian(UInt32($0.count)) + zlibStored($0) }
    #expect(rDataTexts(file).map(string) == ["It was\na day.\n\nNext.\n", "Other\n"])
    #expect(rDataTexts(Array(file.prefix(20))).isEmpty)
  }

  @Test func jsonDocumentsLieUnderTheField() throws {
    let lines = #"{"text": "one\ntwo", "x": 1}"# + "\n\n" + #"{"text": "ü"}"#
    #expect(
      try JSONText.lines(bytes(lines), field: "text", file: "f").map { $0.map(string) }
        == [["one", "two"], ["ü"]])
    let error = #expect(throws: UserError.self) {
      try JSONText.lines(bytes(#"{"text": "a"}"# + "\n{\"t\": 1}"), field: "text", file: "f.jsonl")
    }
    #expect(error?.location == "f.jsonl:2")
    let object = #"{"b": {"extract": "B"}, "a": {"extract": "A"}, "c": {}}"#
    #expect(
      try JSONText.object(bytes(object), field: "extract", file: "f").map { $0.map(string) }
        == [["A"], ["B"]])
  }
}
