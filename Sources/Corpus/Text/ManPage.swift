import Foundation

/// Paragraphs of a manual page in man or mdoc macros.
package func manParagraphs(_ text: Bytes) -> [Bytes] {
  var result: [Bytes] = []
  var current: Bytes = []
  var isListing = false
  func endParagraph() {
    let paragraph = withoutEscapes(current).collapsed()
    if !paragraph.isEmpty { result.append(paragraph) }
    current = []
  }
  func add(_ line: some Sequence<UInt8>) {
    current.append(contentsOf: line)
    current.append(10)
  }
  for line in text.lines() {
    guard line.first == UInt8(ascii: ".") || line.first == UInt8(ascii: "'") else {
      if line.allSatisfy(\.isSpace) { endParagraph() } else if !isListing { add(line) }
      continue
    }
    let macro = line.dropFirst().prefix { !$0.isSpace && $0 != UInt8(ascii: "\\") }
    let arguments = line.dropFirst(1 + macro.count)
    switch String(decoding: macro, as: UTF8.self) {
    case "nf", "EX", "Bd", "TS", "EQ":
      endParagraph()
      isListing = true
    case "fi", "EE", "Ed", "TE", "EN":
      endParagraph()
      isListing = false
    case "PP", "P", "LP", "sp", "TP", "TQ", "IP", "HP", "SH", "SS", "Sh", "Ss", "Pp", "It", "RS",
      "RE", "br":
      endParagraph()
    case "B", "I", "SM", "SB", "Nm", "Fl", "Ar", "Pa", "Cm", "Xr", "Fn", "Fa", "Va", "Vt", "Em",
      "Sy", "Dv", "Ev", "Er", "Li", "Ql", "Sq", "Dq", "Qq", "Op", "Pq", "Ic", "Nd", "Ft":
      if !isListing { add(arguments.filter { $0 != UInt8(ascii: "\"") }) }
    case "BR", "BI", "IR", "IB", "RB", "RI":
      // Fonts alternate without blanks between the words.
      if !isListing { add(words(of: arguments).joined()) }
    default: break
    }
  }
  endParagraph()
  return result
}

/// A macro's arguments; blanks inside quotes belong to them.
private func words(of line: ArraySlice<UInt8>) -> [Bytes] {
  var words: [Bytes] = []
  var word: Bytes?
  var isQuoted = false
  for byte in line {
    if byte == UInt8(ascii: "\"") {
      isQuoted.toggle()
      word = word ?? []
    } else if byte == 32, !isQuoted {
      if let word { words.append(word) }
      word = nil
    } else {
      word = (word ?? []) + [byte]
    }
  }
  if let word { words.append(word) }
  return words
}

/// Text with roff's escapes resolved: fonts and sizes go, special characters are put in.
private func withoutEscapes(_ text: Bytes) -> Bytes {
  guard text.contains(92) else { return text }
  var result: Bytes = []
  var i = 0
  while i < text.count {
    guard text[i] == 92, i + 1 < text.count else {
      result.append(text[i])
      i += 1
      continue
    }
    let kind = text[i + 1]
    i += 2
    switch kind {
    case UInt8(ascii: "\""):  // comment to the end of the line
      i = text[i...].firstIndex(of: 10) ?? text.count
    case UInt8(ascii: "f"), UInt8(ascii: "*"), UInt8(ascii: "m"):
      i = name(text, i).end
    case UInt8(ascii: "s"):
      if i < text.count, text[i] == 43 || text[i] == 45 { i += 1 }
      while i < text.count, text[i].isDigit { i += 1 }
    case UInt8(ascii: "("), UInt8(ascii: "["):
      let (character, end) = name(text, i - 1)
      i = end
      result.append(contentsOf: special(character))
    case UInt8(ascii: "e"), 92: result.append(92)
    case UInt8(ascii: "-"): result.append(kind)
    case UInt8(ascii: " "), UInt8(ascii: "~"), UInt8(ascii: "0"): result.append(32)
    case UInt8(ascii: "'"), UInt8(ascii: "`"): result.append(kind)
    default: break  // \& \| \^ \/ \, \% \: \c \z and others print nothing
    }
  }
  return result
}

/// The name after an escape, `x`, `(xx` or `[xxx]`, and where it ends.
private func name(_ text: Bytes, _ start: Int) -> (name: String, end: Int) {
  guard start < text.count else { return ("", start) }
  if text[start] == UInt8(ascii: "(") {
    let end = min(start + 3, text.count)
    return (String(decoding: text[(start + 1)..<end], as: UTF8.self), end)
  }
  if text[start] == UInt8(ascii: "["),
    let end = text[start...].prefix(32).firstIndex(of: UInt8(ascii: "]"))
  {
    return (String(decoding: text[(start + 1)..<end], as: UTF8.self), end + 1)
  }
  return (String(decoding: text[start..<(start + 1)], as: UTF8.self), start + 1)
}

private func special(_ name: String) -> Bytes {
  if name.hasPrefix("u"), let value = UInt32(name.dropFirst(), radix: 16) {
    var bytes: Bytes = []
    bytes.append(scalar: value)
    return bytes
  }
  if name.count == 2, let accent = name.first.flatMap({ accents[$0] }), let letter = name.last {
    return Bytes("\(letter)\(accent)".precomposedStringWithCanonicalMapping.utf8)
  }
  return specialCharacters[name].map { Bytes($0.utf8) } ?? [32]
}

/// `:a` is an a with a diaeresis, and so on.
private let accents: [Character: Unicode.Scalar] = [
  ":": "\u{308}", "'": "\u{301}", "`": "\u{300}", "^": "\u{302}", "~": "\u{303}", ",": "\u{327}",
]

private let specialCharacters: [String: String] = [
  "aq": "'", "cq": "'", "oq": "'", "dq": "\"", "lq": "“", "rq": "”", "em": "—", "en": "–",
  "bu": "*", "co": "©", "ga": "`", "ha": "^", "ti": "~", "rs": "\\", "Bq": "„", "Fo": "«",
  "Fc": "»", "ss": "ß",
]
