/// Text out of HTML, XHTML, DocBook, OSIS and TEI: elements that hold no prose go with all that is
/// in them, some tags end a paragraph, all other tags vanish.
package struct Markup {
  /// Elements that are dropped with their content, by hash of the name.
  private let dropped: Set<UInt64>
  /// Tags that end a paragraph.
  private let breaking: Set<UInt64>
  /// Whether a tag separates words, as in SWORD modules where each word is an element.
  private let tagsSeparateWords: Bool

  private init(dropping: String, breaking: String, tagsSeparateWords: Bool) {
    func names(_ list: String) -> Set<UInt64> {
      Set(list.split(whereSeparator: \.isWhitespace).map { contentHash($0.utf8) })
    }
    dropped = names(dropping)
    self.breaking = names(breaking)
    self.tagsSeparateWords = tagsSeparateWords
  }

  /// HTML and DocBook pages: no navigation, no listings.
  package static let page = Markup(
    dropping: """
      script style head nav footer header pre programlisting screen select button noscript svg math
      listing xmp literallayout synopsis
      """,
    breaking: """
      p div br hr h1 h2 h3 h4 h5 h6 li ul ol dl dt dd tr td th table thead tbody caption section
      article main blockquote figure figcaption pre form fieldset details summary center address
      para title simpara listitem varlistentry term entry row page item note terms step
      """,
    tagsSeparateWords: false)

  /// SWORD's OSIS and TEI: no notes, headings or lists of references.
  package static let sword = Markup(
    dropping: "note title reference", breaking: "", tagsSeparateWords: true)

  /// The paragraphs of `text`.
  package func paragraphs(_ text: Bytes) -> [Bytes] {
    var result: [Bytes] = []
    var current: Bytes = []
    func endParagraph() {
      let paragraph = current.collapsed()
      if !paragraph.isEmpty { result.append(paragraph) }
      current.removeAll(keepingCapacity: true)
    }
    var i = 0
    while i < text.count {
      switch text[i] {
      case UInt8(ascii: "<"):
        guard let tag = Tag(text, at: i) else { fallthrough }
        i = tag.end
        if dropped.contains(tag.name), !tag.isClosing, !tag.isEmpty,
          let end = tag.endOfElement(text)
        {
          i = end
          if breaking.isEmpty { current.append(32) } else { endParagraph() }
        } else if breaking.contains(tag.name) {
          endParagraph()
        } else if tagsSeparateWords {
          current.append(32)
        }
      case UInt8(ascii: "&"):
        i = appendEntity(text, at: i, to: &current)
      default:
        current.append(text[i])
        i += 1
      }
    }
    endParagraph()
    return result
  }
}

/// `<name …>`, `</name>`, `<!-- … -->`, `<!…>` or `<?…?>`.
private struct Tag {
  /// Hash of the name in small letters; 0 for comments and declarations.
  let name: UInt64
  private let nameRange: Range<Int>
  let isClosing: Bool
  let isEmpty: Bool
  /// Just after the tag.
  let end: Int

  /// The tag at `start`, nil if the `<` there starts none.
  init?(_ text: Bytes, at start: Int) {
    var i = start + 1
    guard i < text.count else { return nil }
    if text[i...].starts(with: "!--") {
      name = 0
      nameRange = 0..<0
      isClosing = false
      isEmpty = true
      end = text.firstRange(of: "-->", from: i + 3)?.upperBound ?? text.count
      return
    }
    isClosing = text[i] == UInt8(ascii: "/")
    if isClosing { i += 1 }
    let nameStart = i
    while i < text.count, Self.isNameByte(text[i]) { i += 1 }
    nameRange = nameStart..<i
    let isDeclaration =
      i == nameStart && i < text.count
      && (text[i] == UInt8(ascii: "!") || text[i] == UInt8(ascii: "?"))
    guard isDeclaration || i > nameStart && text[nameStart].isASCIILetter else { return nil }
    while i < text.count, text[i] != UInt8(ascii: ">") {
      if text[i] == UInt8(ascii: "<") { return nil }
      i += 1
    }
    guard i < text.count else { return nil }
    name = isDeclaration ? 0 : contentHash(text[nameRange].lazy.map(\.lowercased))
    isEmpty = text[i - 1] == UInt8(ascii: "/")
    end = i + 1
  }

  /// Just after the tag that closes this one; elements of the same name inside are not counted.
  func endOfElement(_ text: Bytes) -> Int? {
    let wanted = Bytes(text[nameRange].lazy.map(\.lowercased))
    var i = end
    while let closing = text.firstRange(of: "</", from: i) {
      let nameEnd = closing.upperBound + wanted.count
      guard nameEnd < text.count else { return nil }
      if text[closing.upperBound..<nameEnd].lazy.map(\.lowercased).elementsEqual(wanted),
        !Self.isNameByte(text[nameEnd])
      {
        return (text[nameEnd...].firstIndex(of: UInt8(ascii: ">")) ?? text.count - 1) + 1
      }
      i = closing.upperBound
    }
    return nil
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte.isASCIILetter || byte.isDigit || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-")
  }
}
