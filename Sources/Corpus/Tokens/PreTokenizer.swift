/// Cuts text into the pieces that merges never cross, as GPT-2's pattern does:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// Written out by hand: one table look-up per byte where text is ASCII. Bytes that are not valid
/// UTF-8 count as `other`, one by one, which is what lossy decoding to U+FFFD would make of them.
struct PreTokenizer: Sendable {
  private let classes = CharacterClass.basicPlane

  /// The end of the piece that starts at `start`.
  @inline(__always)
  func end(of text: Span<UInt8>, from start: Int) -> Int {
    let first = text[start]
    if first == UInt8(ascii: "'"), let end = contraction(text, start) { return end }
    var (kind, next) = character(text, start)
    if first == UInt8(ascii: " "), next < text.count {
      let (following, after) = character(text, next)
      if following != CharacterClass.space { (kind, next) = (following, after) }
    }
    return kind == CharacterClass.space
      ? whitespace(text, start, next) : run(of: kind, text, next)
  }

  /// The first position at or after `start` whose character is not of class `kind`.
  @inline(__always)
  private func run(of kind: UInt8, _ text: Span<UInt8>, _ start: Int) -> Int {
    var position = start
    while position < text.count {
      let (found, next) = character(text, position)
      guard found == kind else { break }
      position = next
    }
    return position
  }

  /// `\s+(?!\S)|\s+`: all of the run at the end of the text; elsewhere all but its last character,
  /// which goes with the word that follows, if there is more than one.
  private func whitespace(_ text: Span<UInt8>, _ start: Int, _ second: Int) -> Int {
    var last = start
    var position = second
    while position < text.count {
      let (found, next) = character(text, position)
      guard found == CharacterClass.space else { return last > start ? last : position }
      (last, position) = (position, next)
    }
    return position
  }

  private func contraction(_ text: Span<UInt8>, _ start: Int) -> Int? {
    guard start + 1 < text.count else { return nil }
    switch text[start + 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case UInt8(ascii: "l"): return follows(UInt8(ascii: "l"))
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return follows(UInt8(ascii: "e"))
    default: return nil
    }
    func follows(_ byte: UInt8) -> Int? {
      start + 2 < text.count && text[start + 2] == byte ? start + 3 : nil
    }
  }

  /// The class of the character at `position` and where the next one starts.
  @inline(__always)
  private func character(_ text: Span<UInt8>, _ position: Int) -> (kind: UInt8, next: Int) {
    let byte = text[position]
    return byte < 0x80 ? (classes[Int(byte)], position + 1) : multibyte(text, position)
  }

  private func multibyte(_ text: Span<UInt8>, _ position: Int) -> (kind: UInt8, next: Int) {
    let invalid = (CharacterClass.other, position + 1)
    let lead = text[position]
    let length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
    guard lead >= 0xc2, lead <= 0xf4, position + length <= text.count else { return invalid }
    var value = UInt32(lead) & (0x7f >> UInt32(length))
    for offset in 1..<length {
      let byte = text[position + offset]
      guard byte & 0xc0 == 0x80 else { return invalid }
      value = value << 6 | UInt32(byte & 0x3f)
    }
    if value < 0x1_0000 {
      guard length < 4, length == 2 || value >= 0x800, value & 0xf800 != 0xd800 else {
        return invalid
      }
      return (classes[Int(value)], position + length)
    }
    guard let scalar = Unicode.Scalar(value) else { return invalid }
    return (CharacterClass.classify(scalar), position + length)
  }
}
