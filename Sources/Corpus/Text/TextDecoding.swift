/// The bytes of a text file as clean UTF-8: no byte-order mark, no NUL, line feeds only.
///
/// Bytes that are not valid UTF-8 are read as Windows-1252, of which Latin-1 is a part: old files
/// are in that or in a relative of it.
package func decodedText(_ bytes: Bytes) -> Bytes {
  var text = String(validating: bytes, as: UTF8.self) == nil ? fromWindows1252(bytes) : bytes
  if text.starts(with: [0xEF, 0xBB, 0xBF]) { text.removeFirst(3) }
  guard text.contains(where: { $0 == 0 || $0 == 13 }) else { return text }
  var result: Bytes = []
  result.reserveCapacity(text.count)
  for (i, byte) in text.enumerated() {
    switch byte {
    case 0: result.append(32)
    case 13: if i + 1 == text.count || text[i + 1] != 10 { result.append(10) }
    default: result.append(byte)
    }
  }
  return result
}

/// What Windows-1252 has at 0x80...0x9F; 0 where it has nothing.
private let windows1252: [UInt32] = [
  0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
  0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161,
  0x203A, 0x0153, 0, 0x017E, 0x0178,
]

private func fromWindows1252(_ bytes: Bytes) -> Bytes {
  var result: Bytes = []
  result.reserveCapacity(bytes.count + bytes.count / 8)
  for byte in bytes {
    let scalar = (0x80...0x9F).contains(byte) ? windows1252[Int(byte) - 0x80] : UInt32(byte)
    if scalar != 0 { result.append(scalar: scalar) }
  }
  return result
}

extension Bytes {
  /// Appends a character in UTF-8; nothing where there is no such character.
  mutating func append(scalar value: UInt32) {
    guard value != 0, let scalar = Unicode.Scalar(value) else { return }
    append(contentsOf: scalar.utf8)
  }
}
