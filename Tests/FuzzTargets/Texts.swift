import Corpus

extension FuzzTarget {
  /// Texts as packages have them.
  static func texts() -> [FuzzTarget] {
    [
      FuzzTarget(
        "html",
        texts: [
          "<html><head><title>x</title></head><body><p>It was a day &amp; <b>a night</b>.</p>"
            + "<pre>a\n b</pre><!-- c --><ul><li>One &#233; two</li></ul></body></html>"
        ]
      ) { _ = Markup.page.paragraphs($0) },
      FuzzTarget(
        "man",
        texts: [".TH CAT 1\n.SH NAME\ncat \\- print\n.PP\n\\fBcat\\fR [\\fIf\\fP]\n.nf\nx\n.fi\n"]
      ) { _ = manParagraphs($0) },
      FuzzTarget(
        "pod",
        texts: ["=head1 NAME\n\nA B<bold C<code>> L<x|y>.\n\n=over 4\n\n=item a\n\n=back\n\n=cut\n"]
      ) { _ = podParagraphs($0) },
      FuzzTarget(
        "dictd",
        texts: ["00-database-short\n  x\ncat\n   n 1: a beast [syn: {cat}]\n\ndog\n   n 1: b\n"]
      ) {
        _ = dictdEntries($0)
        _ = dictdEntries($0, withoutOrigins: true)
      },
      FuzzTarget(
        "wordnet",
        texts: ["  1 licence\n00001740 03 n 01 entity 0 003 ~ 00001930 n 0000 | that which is\n"]
      ) { _ = wordNetEntries($0, partOfSpeech: "noun") },
      FuzzTarget("fortunes", texts: ["One.\n\t-- A\n%\nTwo\n%\n"]) {
        _ = fortuneEntries($0)
        _ = codeBlocks($0)
        _ = plainParagraphs($0)
        _ = packageDescriptions($0)
      },
    ]
  }
}
