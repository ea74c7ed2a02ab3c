/// Debian's package descriptions: one document a package, its short description first.
///
/// A stanza's field `Description-de: short` (beside a `Description-md5:` of the original) is followed by lines that start with a blank; ` .` is an
/// empty line, a second blank or a bullet starts a line of its own.
package func packageDescriptions(_ text: Bytes) -> [[Bytes]] {
  blocks(of: text.lines()).compactMap { stanza in
    guard
      let first = stanza.firstIndex(where: {
        $0.starts(with: "Description-") && !$0.starts(with: "Description-md5")
      }),
      let colon = stanza[first].firstIndex(of: UInt8(ascii: ":"))
    else { return nil }
    var paragraphs = [stanza[first][(colon + 1)...].collapsed()]
    var current: Bytes = []
    for line in stanza[(first + 1)...].prefix(while: { $0.first == 32 }) {
      let body = line.dropFirst()
      let isEnd = body.elementsEqual(".".utf8)
      let isItem = body.first == 32 || body.prefix(2).isBullet
      if isEnd || isItem {
        paragraphs.append(current.collapsed())
        current = []
        if isItem { paragraphs.append(Bytes(body.drop { $0 == 32 || [$0].isBullet }).collapsed()) }
      } else {
        current.append(contentsOf: line)
        current.append(10)
      }
    }
    paragraphs.append(current.collapsed())
    return paragraphs.filter { !$0.isEmpty }
  }
}

extension Collection where Element == UInt8 {
  /// `*`, `-`, `+` or `o` with a blank, or the first three alone.
  fileprivate var isBullet: Bool {
    guard let first else { return false }
    if count == 1 { return "*-+".utf8.contains(first) }
    return "*-+o".utf8.contains(first) && dropFirst().first == 32
  }
}
