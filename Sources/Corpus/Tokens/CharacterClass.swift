/// What the GPT-2 pattern tells apart, in a byte so that a table of them is small.
package enum CharacterClass {
  package static let other: UInt8 = 0
  /// `\p{L}`
  package static let letter: UInt8 = 1
  /// `\p{N}`
  package static let number: UInt8 = 2
  /// `\s`: White_Space
  package static let space: UInt8 = 3

  /// The class of every scalar of the Basic Multilingual Plane.
  ///
  /// Surrogates are `other`, like the replacement character that lossy decoding would put there.
  static let basicPlane: [UInt8] = (UInt32(0)..<0x1_0000).map { value in
    Unicode.Scalar(value).map(classify) ?? other
  }

  /// The class of one scalar by Unicode 16.
  ///
  /// The version is pinned, since newer toolchains know more letters: it is the one that the
  /// reference (`tokenizers` 0.23) has, so the same text gives the same tokens everywhere.
  package static func classify(_ scalar: Unicode.Scalar) -> UInt8 {
    let properties = scalar.properties
    guard let age = properties.age, age.major <= 16 else { return other }
    if properties.isWhitespace { return space }
    return switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      letter
    case .decimalNumber, .letterNumber, .otherNumber: number
    default: other
    }
  }
}
