import Corpus
import Testing

@Suite struct MarkupTests {
  private func paragraphs(_ html: String) -> [String] {
    Markup.page.paragraphs(bytes(html)).map(string)
  }

  @Test func blocksEndParagraphsAndOtherTagsVanish() {
    #expect(
      paragraphs("<BODY><P>One <b>bo</b>ld\n word.<p>Two.<br/>Three<div class='x'>Four</div>")
        == ["One bold word.", "Two.", "Three", "Four"])
  }

  @Test func whatHoldsNoProseIsDroppedWithItsContent() {
    #expect(
      paragraphs(
        """
        <html><head><title>T</title></head><nav>Menu <a>x</a></nav><p>Text.</p>
        <script>if (a<b) { }</script><PRE>code</Pre><style>p {}</style><!-- <p>note</p> -->
        <p>More</p><header2>kept</header2>
        """) == ["Text.", "More", "kept"])
  }

  @Test func entitiesAreResolved() {
    #expect(
      paragraphs("&quot;Gr&uuml;&szlig;e&quot;&nbsp;&#8211; &#x3a9; AT&T &unknown; a &lt; b&para;")
        == ["\"Grüße\" – Ω AT&T &unknown; a < b"])
    #expect(paragraphs("a&#0;b&#xD800;c") == ["abc"])
  }

  @Test func brokenMarkupIsText() {
    #expect(paragraphs("a < b and 3 <4 <i") == ["a < b and 3 <4 <i"])
    #expect(paragraphs("<pre>never closed, <p>text") == ["never closed,", "text"])
    #expect(paragraphs("text <!-- never closed") == ["text"])
  }

  @Test func swordTagsSeparateWordsAndNotesGo() {
    let verse =
      "<w x='1'>In</w><w>the</w> beginning<note n='a'>some <i>note</i></note><title/>."
      + "<title>no</title>"
    #expect(Markup.sword.paragraphs(bytes(verse)).map(string) == ["In the beginning ."])
  }
}
