import Experiment

/// A document: cleaned paragraphs and their hashes.
package struct TextDocument: Sendable, Equatable {
  /// UTF-8 text without NUL.
  package var paragraphs: [Bytes]
  /// One hash per paragraph, equal for paragraphs that count as the same; 0 for one that may occur
  /// again, as a closing brace in code does.
  package var keys: [UInt64]
  /// Decides the document's part of the corpus; it depends on nothing but the text.
  package let hash: UInt64
  /// What stands between paragraphs: a line feed in prose, a blank line in code.
  let separator: Bytes

  /// A document of `paragraphs`.
  package init(_ paragraphs: [Bytes], isCode: Bool = false) {
    self.paragraphs = paragraphs
    separator = isCode ? [10, 10] : [10]
    keys = paragraphs.map { isCode && $0.count <= 80 ? 0 : paragraphKey($0) }
    hash = mixed(paragraphs.reduce(0) { ($0 &* 31) &+ contentHash($1) })
  }

  /// A document of a finished corpus, whose paragraphs are its lines.
  init(lines text: Bytes) {
    self.init(text.split(separator: 10).map(Array.init))
  }

  /// The whole text.
  package var text: Bytes { Bytes(paragraphs.joined(separator: separator)) }
  /// Bytes of the whole text.
  package var byteCount: Int {
    paragraphs.reduce(0) { $0 + $1.count } + separator.count * max(0, paragraphs.count - 1)
  }
}

/// A hash of the paragraph's letters and digits: small letters, each run of digits a 0, each run of
/// other characters between them a blank.
package func paragraphKey(_ paragraph: Bytes) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  var previous: UInt8 = 0
  var isApart = false
  for byte in paragraph {
    let folded = byte.folded
    if folded == 32 {
      isApart = previous != 0
    } else if isApart || folded != 48 || previous != 48 {
      if isApart { hash = (hash ^ 32) &* 0x0000_0100_0000_01b3 }
      hash = (hash ^ UInt64(folded)) &* 0x0000_0100_0000_01b3
      previous = folded
      isApart = false
    }
  }
  return mixed(hash)
}

/// Documents of a source, cleaned: long paragraphs cut at sentence ends, what is not prose dropped
/// (of packages; a user's text is all kept), long documents cut between paragraphs.
package func cleanedDocuments(
  _ extracted: [[Bytes]], _ source: CorpusConfig.Source
) -> [TextDocument] {
  let isCode = source.format == .code
  let isPackage = source.origin != .files && source.origin != .synthetic
  let filter = !isCode && source.proseOnly ?? isPackage ? ProseFilter(source) : nil
  let minimumBytes = isPackage ? minimumDocumentBytes : 1
  var documents: [TextDocument] = []
  for paragraphs in extracted {
    var kept: [Bytes] = []
    var bytes = 0
    func endDocument() {
      if bytes >= minimumBytes { documents.append(TextDocument(kept, isCode: isCode)) }
      kept = []
      bytes = 0
    }
    for paragraph in paragraphs {
      for piece in isCode ? [paragraph] : sentenceGroups(paragraph)
      where filter?.keeps(piece) ?? true {
        if bytes + piece.count > maximumDocumentBytes { endDocument() }
        kept.append(piece)
        bytes += piece.count + 1
      }
    }
    endDocument()
  }
  return documents
}

/// A book is many documents, of about the length of a web page: else a few books would be all of a
/// validation set.
private let maximumDocumentBytes = 4_096

/// A paragraph of over 1,800 bytes in pieces of about 900, cut at sentence ends.
package func sentenceGroups(_ paragraph: Bytes) -> [Bytes] {
  let target = 900
  guard paragraph.count > 2 * target else { return [paragraph] }
  var pieces: [Bytes] = []
  var start = 0
  var lastEnd = 0  // the last sentence end after `start`
  for i in 1..<(paragraph.count - 1) where paragraph[i] == 32 {
    guard ".!?".utf8.contains(paragraph[i - 1]), startsSentence(paragraph[(i + 1)...]) else {
      continue
    }
    if i - start > target, lastEnd > start {
      pieces.append(Bytes(paragraph[start..<lastEnd]))
      start = lastEnd + 1
    }
    lastEnd = i
  }
  if paragraph.count - start > target, lastEnd > start {
    pieces.append(Bytes(paragraph[start..<lastEnd]))
    start = lastEnd + 1
  }
  pieces.append(Bytes(paragraph[start...]))
  return pieces
}

private func startsSentence(_ text: ArraySlice<UInt8>) -> Bool {
  guard let first = text.first else { return false }
  return (65...90).contains(first) || first == UInt8(ascii: "\"") || first == UInt8(ascii: "(")
    || text.prefix(3).elementsEqual("“".utf8)
}
