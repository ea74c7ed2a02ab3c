import Corpus
import Experiment
import Testing

@Suite struct CleaningTests {
  private func source(
    _ set: (inout CorpusConfig.Source) -> Void = { _ in }
  ) -> CorpusConfig.Source {
    var source = CorpusConfig.Source()
    source.package = ["p"]
    set(&source)
    return source
  }

  @Test func proseIsKept() {
    let filter = ProseFilter(source())
    var babble = Babble(seed: 1)
    #expect(filter.keeps(bytes(babble.paragraph())))
    #expect(filter.keeps(bytes("It is the café’s well-known owner who has the key to it.")))
  }

  @Test func otherThanProseIsDropped() {
    let filter = ProseFilter(source())
    for text in [
      "Too short to keep, this is.",
      "Antidisestablishmentarianism of the internationalization, incomprehensibilities",
      "Chapter 12 . . . . . . . . . 45; Chapter 13 . . . . . . of the . . . . . . 49",
      "River mountain teacher window garden letter winter soldier market bridge story",
      "for (int i = 0; i < n; ++i) { a[i] += b[i] * c[i]; } // of the loop in it is",
    ] {
      #expect(!filter.keeps(bytes(text)), "\(text)")
    }
  }

  @Test func languagesHaveTheirOwnWords() {
    let german = "Über den Wolken und unter einem Dach ist für die Übung nicht alles gleich."
    #expect(ProseFilter(source { $0.language = "de" }).keeps(bytes(german)))
    #expect(!ProseFilter(source { $0.language = "en" }).keeps(bytes(german)))
    #expect(ProseFilter(source { $0.language = "xx" }).keeps(bytes(german)))
  }

  @Test func sentencesMustEndOnlyWhereAsked() {
    let text = "This is the heading of a chapter on the garden and of the river"
    #expect(ProseFilter(source()).keeps(bytes(text)))
    #expect(!ProseFilter(source { $0.sentences = true }).keeps(bytes(text)))
    #expect(ProseFilter(source { $0.sentences = true }).keeps(bytes(text + "”")))
  }

  @Test func longParagraphsAreCutAtSentenceEnds() {
    var babble = Babble(seed: 2)
    let text = babble.paragraph(sentences: 60)
    let pieces = sentenceGroups(bytes(text)).map(string)
    #expect(pieces.joined(separator: " ") == text)
    #expect(pieces.count > 3)
    #expect(pieces.allSatisfy { $0.hasSuffix(".") && $0.utf8.count <= 1_000 })
    let unbroken = bytes(String(repeating: "word ", count: 1_000))
    #expect(sentenceGroups(unbroken) == [unbroken])
  }

  @Test func booksAreCutIntoDocuments() {
    var babble = Babble(seed: 3)
    let paragraphs = (0..<400).map { _ in bytes(babble.paragraph()) }
    let documents = cleanedDocuments([paragraphs], source())
    #expect(documents.flatMap(\.paragraphs) == paragraphs)
    #expect(documents.count > 3)
    #expect(documents.allSatisfy { $0.byteCount <= 4_096 && $0.byteCount == $0.text.count })
  }

  @Test func aUsersTextIsKeptWhole() {
    let own = [[bytes("x = 1")], [bytes("Short.")]]
    #expect(cleanedDocuments(own, source()).isEmpty)
    let kept = cleanedDocuments(
      own,
      source {
        $0.path = "f"; $0.package = nil
      })
    #expect(kept.map(\.text) == own.flatMap { $0 })
  }

  @Test func keysFoldCaseDigitsAndPunctuation() {
    let key = paragraphKey(bytes("In 1984, the End."))
    #expect(key == paragraphKey(bytes("  in 07: THE end!")))
    #expect(key != paragraphKey(bytes("in the end")))
    #expect(key != paragraphKey(bytes("in1984 the end")))
    #expect(paragraphKey(bytes("Grün")) != paragraphKey(bytes("Grau")))
  }
}
