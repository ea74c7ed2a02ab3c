/// Paragraphs of prose in Perl's POD: ordinary paragraphs between a command and `=cut`; verbatim
/// ones, which are indented, are left out.
package func podParagraphs(_ text: Bytes) -> [Bytes] {
  var result: [Bytes] = []
  var isDocumentation = false
  var isOtherFormat = false
  for block in blocks(of: text.lines()) {
    guard let first = block.first else { continue }
    if first.first == UInt8(ascii: "=") {
      isDocumentation = !first.starts(with: "=cut")
      if first.starts(with: "=begin") { isOtherFormat = true }
      if first.starts(with: "=end") { isOtherFormat = false }
    } else if isDocumentation, !isOtherFormat, first.first?.isSpace == false {
      let paragraph = Bytes(block.joined(separator: [10]))
      result.append(withoutFormatting(paragraph[...]).collapsed())
    }
  }
  return result.filter { !$0.isEmpty }
}

/// The text of formatting codes such as `B<bold>`, `C<< code >>`, `L<text|target>`, `E<lt>`.
private func withoutFormatting(_ text: ArraySlice<UInt8>) -> Bytes {
  var result: Bytes = []
  var i = text.startIndex
  while i < text.endIndex {
    guard "BCEFILSXZ".utf8.contains(text[i]), i + 1 < text.endIndex, text[i + 1] == 60,
      let (content, end) = code(text, at: i + 1)
    else {
      result.append(text[i])
      i += 1
      continue
    }
    switch text[i] {
    case UInt8(ascii: "E"):
      let escape = String(decoding: content, as: UTF8.self)
      result.append(
        contentsOf: ["lt": "<", "gt": ">", "sol": "/", "verbar": "|"][escape, default: " "].utf8)
    case UInt8(ascii: "X"), UInt8(ascii: "Z"): break
    case UInt8(ascii: "L"):
      let label = content.prefix { $0 != UInt8(ascii: "|") }
      result.append(contentsOf: withoutFormatting(label))
    default: result.append(contentsOf: withoutFormatting(content))
    }
    i = end
  }
  return result
}

/// The content of the code whose angle brackets open at `start`, and where the code ends.
private func code(
  _ text: ArraySlice<UInt8>, at start: Int
) -> (content: ArraySlice<UInt8>, end: Int)? {
  let width = text[start...].prefix { $0 == 60 }.count
  var depth = 1
  var i = start + width
  while i < text.endIndex {
    if width == 1, text[i] == 60 { depth += 1 }
    if text[i] == 62 {
      let run = min(text[i...].prefix { $0 == 62 }.count, width)
      if run == width { depth -= 1 }
      if depth == 0 { return (text[(start + width)..<i], i + width) }
    }
    i += 1
  }
  return nil
}
