import Kernels

/// The strings of R's lazy-load data base, as lines, one text per compressed record.
///
/// A record is a 4-byte big-endian length and a zlib stream. In the serialised object a string is
/// its type, 00 09 in the last two bytes of a word, a 4-byte big-endian length, and the bytes.
package func rDataTexts(_ file: Bytes) -> [Bytes] {
  var texts: [Bytes] = []
  var i = 0
  while i + 4 < file.count {
    guard let record = try? Gzip.inflate(file, from: i + 4, limit: 1 << 28) else { break }
    i += 4 + record.consumed
    texts.append(decodedText(strings(record.bytes)))
  }
  return texts
}

private func strings(_ object: Bytes) -> Bytes {
  var lines: Bytes = []
  var i = 0
  while i + 6 <= object.count {
    guard object[i] == 0, object[i + 1] == 9 else {
      i += 1
      continue
    }
    let length = object[(i + 2)..<(i + 6)].reduce(0) { $0 << 8 | Int($1) }
    guard length < 4_000, i + 6 + length <= object.count else {
      i += 1
      continue
    }
    lines.append(contentsOf: object[(i + 6)..<(i + 6 + length)])
    lines.append(10)
    i += 6 + length
  }
  return lines
}
