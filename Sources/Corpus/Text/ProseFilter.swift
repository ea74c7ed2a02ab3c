import Experiment

/// Which paragraphs read like prose of a language.
package struct ProseFilter {
  let minimumCharacters: Int
  let minimumWords: Int
  /// Whether a paragraph of less than 200 characters must end like a sentence.
  let sentences: Bool
  private let functionWords: Set<UInt64>

  /// The filter that `source` asks for; a language without a list is not judged by its words.
  package init(_ source: CorpusConfig.Source) {
    minimumCharacters = source.minimumCharacters ?? 40
    minimumWords = source.minimumWords ?? 6
    sentences = source.sentences ?? false
    functionWords = Self.functionWords[source.writtenIn] ?? []
  }

  /// Whether the paragraph is long enough, at least 84 % letters and blanks, of words of at most 12
  /// letters on average, and at least 12 % of its first 60 words are function words.
  package func keeps(_ paragraph: Bytes) -> Bool {
    guard paragraph.count >= minimumCharacters else { return false }
    let text = Census(paragraph, functionWords)
    guard text.characters >= minimumCharacters, text.characters <= 20_000,
      text.words >= minimumWords,
      100 * (text.letters + text.blanks) >= 84 * text.characters, text.letters <= 12 * text.words,
      functionWords.isEmpty || 100 * text.functionWords >= 12 * min(text.words, 60)
    else { return false }
    return !sentences || text.characters >= 200 || Self.endsLikeSentence(paragraph)
  }

  private static func endsLikeSentence(_ paragraph: Bytes) -> Bool {
    guard let last = paragraph.last else { return false }
    return ".!?:\")'".utf8.contains(last) || paragraph.suffix(3).elementsEqual("”".utf8)
  }

  /// Words that any prose of the language is full of.
  private static let functionWords: [String: Set<UInt64>] = [
    "en": """
    the of and to a in is that it for as with be on by this or are an from at which not can you if
    will has have was but its
    """,
    "de": """
    der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an
    werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum
    oder wenn
    """,
    "fr": """
    le la les de des et à un une en est que qui du dans pour par sur au avec il elle ne pas plus
    """,
    "es": """
    el la los las de y en un una que es por con del se al para su como más no
    """,
  ].mapValues { list in
    Set(list.split(whereSeparator: \.isWhitespace).map { packed(Array($0.utf8)[...]) })
  }

  /// A word of at most eight bytes as a number, in small letters; 0 for a longer one.
  fileprivate static func packed(_ word: ArraySlice<UInt8>) -> UInt64 {
    guard word.count <= 8 else { return 0 }
    var value: UInt64 = 0
    var previous: UInt8 = 0
    for byte in word {
      // Latin-1's capitals, 0xC3 0x80...0x9E, lie 0x20 before their small letters.
      let small = previous == 0xC3 && (0x80...0x9E).contains(byte) ? byte + 0x20 : byte.lowercased
      value = value << 8 | UInt64(small)
      previous = byte
    }
    return value
  }
}

/// Counts of a paragraph in one pass over its bytes.
private struct Census {
  var characters = 0
  /// Characters of words, their inner apostrophes and hyphens among them.
  var letters = 0
  var blanks = 0
  var words = 0
  /// Of the first 60 words.
  var functionWords = 0

  init(_ text: Bytes, _ known: Set<UInt64>) {
    var i = 0
    while i < text.count {
      let length = Self.letterLength(text, i)
      if length == 0 {
        if !text[i].isContinuation { characters += 1 }
        if text[i] == 32 { blanks += 1 }
        i += 1
        continue
      }
      let start = i
      var lettersOfWord = 0
      var next = length
      while next > 0 {
        i += next
        lettersOfWord += 1
        next = Self.letterLength(text, i)
        let joiner = next == 0 ? Self.joinerLength(text, i) : 0
        if joiner > 0, Self.letterLength(text, i + joiner) > 0 {
          next = joiner
        }
      }
      characters += lettersOfWord
      letters += lettersOfWord
      words += 1
      if words <= 60, known.contains(ProseFilter.packed(text[start..<i])) { functionWords += 1 }
    }
  }

  /// Bytes of the letter at `i`, 0 if there is none. Of what is not ASCII all is taken for letters
  /// but Latin-1's signs (0xC2 …) and the punctuation and symbols of U+2000...2FFF (0xE2 …).
  private static func letterLength(_ text: Bytes, _ i: Int) -> Int {
    guard i < text.count else { return 0 }
    let byte = text[i]
    if byte < 0x80 { return byte.isASCIILetter ? 1 : 0 }
    switch byte {
    case 0xC3...0xDF: return 2
    case 0xE0, 0xE1, 0xE3...0xEE: return 3
    default: return 0
    }
  }

  /// Bytes of an apostrophe or hyphen, 0 if there is none.
  private static func joinerLength(_ text: Bytes, _ i: Int) -> Int {
    guard i < text.count else { return 0 }
    if text[i] == UInt8(ascii: "'") || text[i] == UInt8(ascii: "-") { return 1 }
    return text[i...].prefix(3).elementsEqual("’".utf8) ? 3 : 0
  }
}
