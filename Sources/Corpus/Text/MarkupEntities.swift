/// Appends what the entity at `start` (an ampersand) means, or the ampersand when it is none, and
/// returns the index after it.
func appendEntity(_ text: Bytes, at start: Int, to result: inout Bytes) -> Int {
  let limit = min(text.count, start + 12)
  guard let end = text[start..<limit].firstIndex(of: UInt8(ascii: ";")), end > start + 1 else {
    result.append(text[start])
    return start + 1
  }
  let body = text[(start + 1)..<end]
  guard let value = scalar(ofEntity: String(decoding: body, as: UTF8.self)) else {
    result.append(text[start])
    return start + 1
  }
  // Pilcrows mark headings' anchors and zero-width blanks allow line breaks: neither is text.
  if value != 0xB6, value != 0x200B { result.append(scalar: value) }
  return end + 1
}

private func scalar(ofEntity name: String) -> UInt32? {
  if name.hasPrefix("#x") || name.hasPrefix("#X") { return UInt32(name.dropFirst(2), radix: 16) }
  if name.hasPrefix("#") { return UInt32(name.dropFirst()) }
  return entities[name]
}

/// HTML's named characters: Latin-1 in order from 160, then the punctuation in use.
private let entities: [String: UInt32] = {
  let latin1 = """
    nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn
    sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave
    Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml
    ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN
    szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute
    icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml
    yacute thorn yuml
    """
  var table: [String: UInt32] = [
    "amp": 0x26, "lt": 0x3C, "gt": 0x3E, "quot": 0x22, "apos": 0x27, "ndash": 0x2013,
    "mdash": 0x2014, "lsquo": 0x2018, "rsquo": 0x2019, "sbquo": 0x201A, "ldquo": 0x201C,
    "rdquo": 0x201D, "bdquo": 0x201E, "hellip": 0x2026, "bull": 0x2022, "prime": 0x2032,
    "lsaquo": 0x2039, "rsaquo": 0x203A, "euro": 0x20AC, "trade": 0x2122, "rarr": 0x2192,
    "larr": 0x2190, "ensp": 0x20, "emsp": 0x20, "thinsp": 0x20, "minus": 0x2212, "le": 0x2264,
    "ge": 0x2265, "ne": 0x2260, "OElig": 0x152, "oelig": 0x153, "Scaron": 0x160, "scaron": 0x161,
  ]
  for (i, name) in latin1.split(whereSeparator: \.isWhitespace).enumerated() {
    table[String(name)] = 160 + UInt32(i)
  }
  return table
}()
