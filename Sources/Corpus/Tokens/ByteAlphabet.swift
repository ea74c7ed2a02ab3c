/// GPT-2's way to write bytes as text: printable bytes of Latin-1 stand for themselves, the others
/// for U+0100 and on, so that a vocabulary can be a JSON object of visible strings.
enum ByteAlphabet {
  /// The character of each byte.
  static let scalars: [Unicode.Scalar] = {
    var unprintable: UInt32 = 0
    return (UInt32(0)..<256).map { byte in
      let stands = (0x21...0x7e).contains(byte) || (0xa1...0xff).contains(byte) && byte != 0xad
      if !stands { unprintable += 1 }
      return Unicode.Scalar(stands ? byte : 0xff + unprintable) ?? "\u{fffd}"
    }
  }()

  /// The byte of each character, −1 for characters outside the alphabet.
  private static let values: [Int16] = {
    var values = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { values[Int(scalar.value)] = Int16(byte) }
    return values
  }()

  /// Bytes in the order of their characters: the order in which the reference numbers them.
  static let order: [UInt8] = (0..<256).map(UInt8.init).sorted {
    scalars[Int($0)].value < scalars[Int($1)].value
  }

  /// `bytes` as text.
  static func encode(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(scalars[Int(byte)]) }
    return String(text)
  }

  /// The bytes that `text` stands for; nil if a character is outside the alphabet.
  static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard scalar.value < values.count, values[Int(scalar.value)] >= 0 else { return nil }
      bytes.append(UInt8(values[Int(scalar.value)]))
    }
    return bytes
  }
}
