import Corpus
import Testing

@Suite struct DictionaryTests {
  @Test func shortEntriesAreOneParagraph() {
    let text = """
      alpha
      beta

         The {first} letters.

         Used in
         lists.

      gamma

         The third.
      """
    #expect(
      dictdEntries(bytes(text)).map { $0.map(string) } == [
        ["alpha beta The first letters. Used in lists."], ["gamma The third."],
      ])
  }

  @Test func longEntriesKeepTheirParagraphs() {
    let body = String(repeating: "   more and more of it\n", count: 60)
    let entries = dictdEntries(bytes("word\n\n\(body)\n\(body)"))
    #expect(entries.count == 1)
    #expect(entries.first?.count == 3)
  }

  @Test func marksOfOriginGo() {
    let text = """
      Affect \\Af*fect"\\, v. t. [L. affectus.] See
         {Afeard}.
         [1913 Webster + PJC]

         1. To act upon. --Milton. [a
         [1913 Webster]
      """
    #expect(
      dictdEntries(bytes(text), withoutOrigins: true).map { $0.map(string) } == [
        ["Affect , v. t. [L. affectus.] See Afeard. 1. To act upon. --Milton. [a"]
      ])
  }

  @Test func wordNetGlossesHaveTheirWords() {
    let text = """
        1 This is the licence | not an entry
      00001740 03 n 02 entity 0 living_thing(a) 1 003 ~ 00001930 n 0000 | that which exists;  "x"
      00001930 03 n 01 broken
      """
    #expect(
      wordNetEntries(bytes(text), partOfSpeech: "noun").map { $0.map(string) } == [
        ["entity, living thing (noun): that which exists; \"x\"."]
      ])
  }

  @Test func packageDescriptionsAreDocuments() {
    let text = """
      Package: a
      Description-md5: 0123
      Description-de: kurzer Text
       Ein Absatz mit
       zwei Zeilen.
       .
       Liste:
        - eins
        - zwei
       + drei

      Package: b
      Version: 1
      """
    #expect(
      packageDescriptions(bytes(text)).map { $0.map(string) } == [
        ["kurzer Text", "Ein Absatz mit zwei Zeilen.", "Liste:", "eins", "zwei", "drei"]
      ])
  }
}
