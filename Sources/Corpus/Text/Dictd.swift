/// Entries of a dictionary in dictd's format as documents.
///
/// A headword starts at the line's start; what belongs to it is indented. A short entry becomes one
/// paragraph, a long one keeps its own. Braces mark cross-references and go.
package func dictdEntries(_ text: Bytes, withoutOrigins: Bool = false) -> [[Bytes]] {
  var entries: [[ArraySlice<UInt8>]] = []
  var current: [ArraySlice<UInt8>] = []
  for line in text.lines() {
    // Several headwords of one entry follow each other: only the first starts it.
    if let first = line.first, !first.isSpace, let before = current.last,
      before.first.map(\.isSpace) ?? true
    {
      entries.append(current)
      current = []
    }
    current.append(line)
  }
  entries.append(current)
  return entries.compactMap { lines in
    let kept = withoutOrigins ? withoutOriginMarks(lines) : lines
    let paragraphs = blocks(of: kept)
      .map {
        Bytes(Bytes($0.joined(separator: [10])).collapsed().filter { $0 != 123 && $0 != 125 })
      }
      .filter { !$0.isEmpty }
    guard !paragraphs.isEmpty else { return nil }
    let bytes = paragraphs.reduce(0) { $0 + $1.count }
    return bytes < 1_500 ? [Bytes(paragraphs.joined(separator: [32]))] : paragraphs
  }
}

/// Webster's entries without their marks of origin, `[1913 Webster]`, and their pronunciation in
/// backslashes.
private func withoutOriginMarks(_ lines: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
  let text = Bytes(lines.joined(separator: [10]))
  var result: Bytes = []
  result.reserveCapacity(text.count)
  var i = 0
  while i < text.count {
    if text[i] == UInt8(ascii: "["),
      let end = text[(i + 1)...].firstIndex(where: { $0 == 91 || $0 == 93 }), text[end] == 93,
      origins.contains(where: { text[i..<end].firstRange(of: $0, from: i) != nil })
    {
      i = end + 1
    } else if text[i] == UInt8(ascii: "\\"),
      let end = text[(i + 1)...].prefix(61).firstIndex(where: { $0 == 92 || $0 == 10 }),
      text[end] == 92, end > i + 1
    {
      i = end + 1
    } else {
      result.append(text[i])
      i += 1
    }
  }
  return result.lines()
}

private let origins = ["Webster", "WordNet", "PJC", "Century"].map { Bytes($0.utf8) }
