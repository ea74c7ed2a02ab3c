import Kernels

/// The files of a SWORD module: texts and commentaries in compressed blocks with an index of
/// verses, or a dictionary.
///
/// All numbers are little-endian. Block records (`s`): offset and size in the file of blocks, and
/// the size unpacked, 4 bytes each. Verse records (`v`): block 4, offset 4, size 2 or 4 bytes; which
/// of them is told by the records alone, since drivers' names do not say it reliably.
package struct SwordModule {
  let isCommentary: Bool

  /// Reads the module's `.conf` file.
  package init(configuration: Bytes) {
    var driver = ""
    for line in configuration.lines() where line.starts(with: "ModDrv=") {
      driver = String(decoding: line.dropFirst(7), as: UTF8.self).lowercased()
    }
    isCommentary = driver.contains("com")
  }

  /// Documents of one testament: a book or chapter each. A commentary's entry is a paragraph, eight
  /// verses of a text are one.
  package func documents(blocks file: Bytes, index: Bytes, verses: Bytes) -> [[Bytes]] {
    let blocks = stride(from: 0, to: index.count - 11, by: 12).map { i -> Bytes in
      let offset = index.littleEndian(at: i)
      guard offset < file.count else { return [] }
      return (try? Gzip.inflate(file, from: offset, limit: 1 << 26).bytes) ?? []
    }
    let records = Self.records(verses, width: 10, blocks) ?? Self.records(verses, width: 12, blocks)
    var entries: [[Bytes]] = Array(repeating: [], count: blocks.count)
    var seen: Set<Verse> = []
    // One comment on several verses is listed at each of them.
    for verse in records ?? [] where seen.insert(verse).inserted {
      let text = blocks[verse.block][verse.start..<(verse.start + verse.length)]
      entries[verse.block] += Markup.sword.paragraphs(decodedText(Bytes(text)))
    }
    if isCommentary { return entries.filter { !$0.isEmpty } }
    return entries.filter { !$0.isEmpty }.map { verses in
      stride(from: 0, to: verses.count, by: 8).map {
        Bytes(verses[$0..<min($0 + 8, verses.count)].joined(separator: [32]))
      }
    }
  }

  private struct Verse: Hashable {
    let block: Int
    let start: Int
    let length: Int
  }

  /// The verses that have text, nil when these are not records of `width` bytes: when one lies
  /// outside its block.
  private static func records(_ verses: Bytes, width: Int, _ blocks: [Bytes]) -> [Verse]? {
    guard verses.count.isMultiple(of: width) else { return nil }
    var result: [Verse] = []
    for i in stride(from: 0, to: verses.count, by: width) {
      let verse = Verse(
        block: verses.littleEndian(at: i), start: verses.littleEndian(at: i + 4),
        length: width == 12 ? verses.littleEndian(at: i + 8) : verses.littleEndian16(at: i + 8))
      guard verse.length > 0 else { continue }
      guard verse.block < blocks.count, verse.start + verse.length <= blocks[verse.block].count
      else { return nil }
      result.append(verse)
    }
    return result
  }

  /// The entries of a dictionary (`.zdx` with records of offset and size, `.zdt` with blocks: a
  /// count, offset and size of each entry, the entries).
  package static func entries(index: Bytes, blocks file: Bytes) -> [Bytes] {
    var result: [Bytes] = []
    for i in stride(from: 0, to: index.count - 7, by: 8) {
      let offset = index.littleEndian(at: i)
      guard offset < file.count,
        let block = try? Gzip.inflate(file, from: offset, limit: 1 << 26).bytes, block.count >= 4
      else { continue }
      let count = min(block.littleEndian(at: 0), (block.count - 4) / 8)
      for k in 0..<count {
        let start = block.littleEndian(at: 4 + 8 * k)
        let end = start + block.littleEndian(at: 8 + 8 * k)
        guard start < end, end <= block.count else { continue }
        result += Markup.sword.paragraphs(decodedText(Bytes(block[start..<end])))
      }
    }
    return result
  }
}

extension Bytes {
  fileprivate func littleEndian(at i: Int) -> Int {
    Int(self[i]) | Int(self[i + 1]) << 8 | Int(self[i + 2]) << 16 | Int(self[i + 3]) << 24
  }

  fileprivate func littleEndian16(at i: Int) -> Int { Int(self[i]) | Int(self[i + 1]) << 8 }
}
