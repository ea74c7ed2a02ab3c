import Experiment

/// The text of Tests/Fixtures/make_tokenizer_fixture.py, byte for byte: every draw of a random
/// number is in the same place there and here.
struct MixedText {
  static let documents: [[UInt8]] = {
    var text = MixedText()
    return (0..<128).map { text.document(kind: $0 % 7) }
  }()

  private var random = RandomSource(seed: 20_240_520)
  private var english: [String] = []
  private var german: [String] = []

  private init() {
    english = lexicon(Array("etaoinshrdlcumwfgypbvkjxqz"))
    german = lexicon(Array("enisratdhulcgmobwfkzpvjyxqäöüß"))
  }

  private mutating func document(kind: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < 8192 { bytes.append(contentsOf: piece(kind).utf8) }
    return bytes
  }

  private mutating func lexicon(_ letters: [Character]) -> [String] {
    (0..<600).map { _ in
      let length = 1 + random.integer(below: 4) + random.integer(below: 5)
      return String(
        (0..<length).map { _ in
          let most = 1 + random.integer(below: letters.count)
          return letters[random.integer(below: most)]
        })
    }
  }

  private mutating func zipf(_ words: [String]) -> String {
    let first = 1 + random.integer(below: words.count)
    let second = 1 + random.integer(below: first)
    return words[random.integer(below: second)]
  }

  private mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[random.integer(below: choices.count)]
  }

  private mutating func spaces() -> String {
    let scalars: [UInt32] = [
      0x20, 0x20, 0x20, 0x0A, 0x0A, 0x09, 0x0D, 0x0B, 0x0C, 0x85, 0xA0, 0x1680, 0x2003, 0x200A,
      0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0x200B, 0xFEFF,
    ]
    var text = ""
    for _ in 0..<(1 + random.integer(below: 4)) { text += character(pick(scalars)) }
    return text
  }

  private mutating func scalar(_ ranges: [(UInt32, Int)]) -> String {
    let (first, count) = pick(ranges)
    return character(first + UInt32(random.integer(below: count)))
  }

  private func character(_ value: UInt32) -> String {
    Unicode.Scalar(value).map { String(Character($0)) } ?? ""
  }

  private mutating func piece(_ kind: Int) -> String {
    let choice = random.integer(below: 16)
    if choice == 0 { return String(random.integer(below: 100_000)) }
    if choice == 1 { return spaces() }
    switch kind {
    case 0:
      switch choice {
      case 2:
        let contractions = [
          "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'x", "'", "''s", "'l", "'v",
        ]
        return zipf(english) + pick(contractions)
      case 3: return pick([",", ".", ";", ":", "!", "?"]) + pick(["\n\n", " ", " ", " "])
      case 4: return " " + zipf(english).uppercased()
      default: return " " + zipf(english)
      }
    case 1:
      if choice < 5 {
        let indent = String(repeating: "  ", count: random.integer(below: 6))
        return "\n" + indent + zipf(english)
      }
      if choice < 10 {
        return pick([
          "=", "==", "->", "{", "}", "();", "[", "]", "//", "+=", "&&", "\"", "#", "...", "_", "\\",
        ])
      }
      return pick(["", " ", "_", "."]) + zipf(english)
    case 2:
      let word = zipf(german)
      let capital = random.integer(below: 3) == 0 && !word.hasPrefix("ß")
      return " " + (capital ? word.prefix(1).uppercased() + word.dropFirst() : word)
    case 3:
      return scalar([
        (0x4E00, 0x51A5), (0x3041, 0x56), (0x30A1, 0x5A), (0xAC00, 0x2BA4), (0x3000, 0x20),
        (0xFF01, 0x5E),
      ])
    case 4:
      return scalar([
        (0x1F300, 0x400), (0x2190, 0x70), (0x2460, 0xA0), (0x1F1E6, 26), (0xFE00, 16),
        (0x1F3FB, 5), (0x200B, 5), (0x0300, 0x70), (0x00B2, 2), (0x2150, 0x40),
      ])
    case 5: return spaces() + zipf(english)
    default:
      let value = UInt32(random.integer(below: 0x110000 - 0x800))
      return character(value < 0xD800 ? value : value + 0x800)
    }
  }
}
