import Kernels

/// The files of a SWORD module: texts and commentaries in compressed blocks with an index of
/// verses, or a dictionary.
///
/// All numbers are little-endian. Block records (`s`): offset and size in the file of blocks, and
/// the size unpacked, 4 bytes each. Verse records (`v`): block 4, offset 4, size 2 bytes (4 in the
/// drivers whose name ends in 4).
package struct SwordModule {
  let isCommentary: Bool
  let wideSizes: Bool

  /// Reads the module's `.conf` file.
  package init(configuration: Bytes) {
    var driver = ""
    for line in configuration.lines() where line.starts(with: "ModDrv=") {
      driver = String(decoding: line.dropFirst(7), as: UTF8.self).lowercased()
    }
    isCommentary = driver.contains("com")
    wideSizes = driver.hasSuffix("4")
  }

  /// Documents of one testament: a book or chapter each. A commentary's entry is a paragraph, eight
  /// verses of a text are one.
  package func documents(blocks file: Bytes, index: Bytes, verses: Bytes) -> [[Bytes]] {
    let blocks = stride(from: 0, to: index.count - 11, by: 12).map { i -> Bytes in
      let offset = index.littleEndian(at: i)
      guard offset < file.count else { return [] }
      return (try? Gzip.inflate(file, from: offset, limit: 1 << 26).bytes) ?? []
    }
    let size = wideSizes ? 12 : 10
    var entries: [[Bytes]] = Array(repeating: [], count: blocks.count)
    var seen: Set<[Int]> = []
    for i in stride(from: 0, through: verses.count - size, by: size) {
      let block = verses.littleEndian(at: i)
      let start = verses.littleEndian(at: i + 4)
      let length = wideSizes ? verses.littleEndian(at: i + 8) : verses.littleEndian16(at: i + 8)
      // One comment on several verses is listed at each of them.
      guard length > 0, block < blocks.count, start < blocks[block].count,
        seen.insert([block, start, length]).inserted
      else { continue }
      let entry = blocks[block][start..<min(start + length, blocks[block].count)]
      entries[block] += Markup.sword.paragraphs(Bytes(entry))
    }
    if isCommentary { return entries.filter { !$0.isEmpty } }
    return entries.filter { !$0.isEmpty }.map { verses in
      stride(from: 0, to: verses.count, by: 8).map {
        Bytes(verses[$0..<min($0 + 8, verses.count)].joined(separator: [32]))
      }
    }
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
        result += Markup.sword.paragraphs(Bytes(block[start..<end]))
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
