/// Paragraphs of plain text: they end at blank lines.
package func plainParagraphs(_ text: Bytes) -> [Bytes] {
  blocks(of: text.lines()).map { $0.joined(separator: [10]).collapsedParagraph() }
}

/// Entries of a fortune file, which stand between lines that start with `%`.
package func fortuneEntries(_ text: Bytes) -> [Bytes] {
  var entries: [Bytes] = []
  var current: Bytes = []
  for line in text.lines() {
    if line.first == UInt8(ascii: "%") {
      entries.append(current.collapsed())
      current = []
    } else {
      current.append(contentsOf: line)
      current.append(10)
    }
  }
  entries.append(current.collapsed())
  return entries.filter { !$0.isEmpty }
}

/// Blocks of source code, which end at blank lines; indentation stays.
///
/// Tables, generated and minified files are not taken: none of a file with a line of over 1,000
/// bytes, more than 100 bytes a line, less than a quarter of letters, or over 300,000 bytes.
package func codeBlocks(_ text: Bytes) -> [Bytes] {
  guard text.count <= 300_000 else { return [] }
  let lines = text.lines()
  let letters = text.count { $0.isASCIILetter || $0 >= 0x80 }
  guard lines.allSatisfy({ $0.count <= 1_000 }), text.count <= 100 * lines.count,
    4 * letters >= text.count
  else { return [] }
  return blocks(of: lines).map { Bytes($0.joined(separator: [10])) }
}

extension Sequence where Element == UInt8 {
  fileprivate func collapsedParagraph() -> Bytes { Bytes(self).collapsed() }
}
