// Text is handled as UTF-8 bytes: Swift's String is several times slower at what follows.

/// UTF-8 text.
package typealias Bytes = [UInt8]

extension UInt8 {
  /// Blank, tab, line feed, vertical tab, form feed, carriage return.
  var isSpace: Bool { self == 32 || (self >= 9 && self <= 13) }
  var isDigit: Bool { self >= 48 && self <= 57 }
  var isASCIILetter: Bool { (self | 32) >= 97 && (self | 32) <= 122 }
  /// An ASCII capital as a small letter, all else unchanged.
  var lowercased: UInt8 { self >= 65 && self <= 90 ? self | 32 : self }
  /// What counts when texts are compared: a small letter, 0 for any digit, a blank for any other
  /// ASCII character; bytes beyond ASCII as they are.
  var folded: UInt8 { self >= 0x80 || isASCIILetter ? lowercased : isDigit ? 48 : 32 }
  /// Not the first byte of a character.
  var isContinuation: Bool { self & 0xC0 == 0x80 }
}

extension Collection where Element == UInt8, Index == Int {
  /// The text with runs of white space (no-break spaces too) as one blank, and none at the ends.
  package func collapsed() -> Bytes {
    var result: Bytes = []
    result.reserveCapacity(count)
    var pending = false
    var i = startIndex
    while i < endIndex {
      let byte = self[i]
      let isNoBreakSpace = byte == 0xC2 && i + 1 < endIndex && self[i + 1] == 0xA0
      if byte.isSpace || isNoBreakSpace {
        pending = !result.isEmpty
        i += isNoBreakSpace ? 2 : 1
        continue
      }
      if pending {
        result.append(32)
        pending = false
      }
      result.append(byte)
      i += 1
    }
    return result
  }

  /// Where `pattern` starts at or after `start`.
  func firstRange(of pattern: StaticString, from start: Int) -> Range<Int>? {
    let needle = Array("\(pattern)".utf8)
    return firstRange(of: needle, from: start)
  }

  /// Where `needle` starts at or after `start`.
  func firstRange(of needle: Bytes, from start: Int) -> Range<Int>? {
    guard let head = needle.first, endIndex - start >= needle.count else { return nil }
    var i = start
    let last = endIndex - needle.count
    while i <= last {
      if self[i] == head {
        var j = 1
        while j < needle.count, self[i + j] == needle[j] { j += 1 }
        if j == needle.count { return i..<(i + needle.count) }
      }
      i += 1
    }
    return nil
  }

  /// Whether the text starts with `prefix`.
  func starts(with prefix: StaticString) -> Bool {
    starts(with: Array("\(prefix)".utf8))
  }

  /// Lines without their line feeds.
  func lines() -> [SubSequence] { split(separator: 10, omittingEmptySubsequences: false) }
}

/// Groups of consecutive lines that are not blank.
func blocks<Line: Collection<UInt8>>(of lines: some Sequence<Line>) -> [[Line]] {
  var result: [[Line]] = []
  var current: [Line] = []
  for line in lines {
    if line.allSatisfy(\.isSpace) {
      if !current.isEmpty { result.append(current) }
      current = []
    } else {
      current.append(line)
    }
  }
  if !current.isEmpty { result.append(current) }
  return result
}

/// The 64-bit FNV-1a hash of `bytes`, its bits mixed once more so that each is uniform.
package func contentHash(_ bytes: some Sequence<UInt8>) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
  return mixed(hash)
}

/// The finaliser of SplitMix64.
func mixed(_ value: UInt64) -> UInt64 {
  var z = value
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}
