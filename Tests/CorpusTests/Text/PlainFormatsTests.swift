import Corpus
import Testing

@Suite struct PlainFormatsTests {
  @Test func plainParagraphsEndAtBlankLines() {
    #expect(
      plainParagraphs(bytes("one\n  two\n \t\n\nthree\n")).map(string) == ["one two", "three"])
  }

  @Test func fortunesStandBetweenPercentLines() {
    #expect(
      fortuneEntries(bytes("A saying.\n\t\t-- Me\n%\n100% sure\n%%\n%\nlast")).map(string)
        == ["A saying. -- Me", "100% sure", "last"])
  }

  @Test func codeKeepsIndentation() {
    let code = "def f(x):\n    return x\n\n\nclass A:\n    pass\n"
    #expect(
      codeBlocks(bytes(code)).map(string) == ["def f(x):\n    return x", "class A:\n    pass"])
  }

  @Test func tablesAndMinifiedFilesAreNotCode() {
    #expect(codeBlocks(bytes(String(repeating: "0x1f, 0120,\n", count: 50))).isEmpty)
    #expect(codeBlocks(bytes("a = 1\n" + String(repeating: "abc;", count: 300))).isEmpty)
  }

  @Test func podIsProseBetweenCommands() {
    let pod = """
      my $code = 1;

      =head1 NAME

      Use B<bold>, C<< a->b >> and L<the page|http://x> for E<lt>you. X<index>

          verbatim

      =begin html

      <p>no</p>

      =end html

      I<Second B<nested>> one.

      =cut

      more code
      """
    #expect(
      podParagraphs(bytes(pod)).map(string)
        == ["Use bold, a->b and the page for <you.", "Second nested one."])
  }

  @Test func manPagesLoseMacrosAndEscapes() {
    let page = #"""
      .\" a comment
      .TH LS 1
      .SH NAME
      ls \- list \fBdirectory\fR contents
      .PP
      Use the
      .BR cat (1),
      .B "bold words"
      na\(:ive \[u00FC]ber\&.
      .nf
      not this
      .fi
      .TP
      .I \-a
      all \(lqfiles\(rq\" trailing comment
      """#
    #expect(
      manParagraphs(bytes(page)).map(string) == [
        "ls - list directory contents", "Use the cat(1), bold words naïve über.",
        "-a all “files”",
      ])
  }
}
