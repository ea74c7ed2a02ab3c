import Corpus
import Testing

@Suite struct TextDecodingTests {
  @Test func utf8StaysAsItIs() {
    #expect(decodedText(bytes("Grüße, “Ω”\n")) == bytes("Grüße, “Ω”\n"))
  }

  @Test func latin1AndWindows1252BecomeUTF8() {
    #expect(decodedText([0x47, 0x72, 0xFC, 0xDF, 0x65]) == bytes("Grüße"))
    #expect(decodedText([0x93, 0x61, 0x94, 0x81, 0xE9]) == bytes("“a”é"))
  }

  @Test func byteOrderMarksNULsAndCarriageReturnsGo() {
    #expect(decodedText([0xEF, 0xBB, 0xBF, 97, 13, 10, 98, 13, 99, 0, 100]) == bytes("a\nb\nc d"))
  }

  @Test func collapsingKeepsOneBlankBetweenWords() {
    #expect(bytes(" \t a\u{A0}\u{A0}b \n c  ").collapsed() == bytes("a b c"))
    #expect(bytes(" \n").collapsed().isEmpty)
  }
}
