/// The parts of a Hugging Face `tokenizer.json` that byte-level BPE uses.
struct TokenizerFile: Codable {
  struct AddedToken: Codable {
    var id: Int
    var content: String
    var special: Bool
    // Needed by the reference when it reads the file; of no effect for special tokens here.
    var single_word: Bool? = false
    var lstrip: Bool? = false
    var rstrip: Bool? = false
    var normalized: Bool? = false
  }

  /// A pre-tokenizer or decoder: one of several types, told apart by name.
  struct Component: Codable {
    struct Pattern: Codable {
      var Regex: String?
    }
    var type: String
    var add_prefix_space: Bool?
    var trim_offsets: Bool?
    var use_regex: Bool?
    var pretokenizers: [Component]?
    var pattern: Pattern?
    var behavior: String?
    var invert: Bool?
  }

  struct Model: Codable {
    var type: String?
    var dropout: Double?
    var continuing_subword_prefix: String?
    var end_of_word_suffix: String?
    var ignore_merges: Bool?
    var vocab: [String: Int]
    var merges: [MergeRule]
  }

  /// `"a b"` in older files, `["a", "b"]` in newer ones.
  struct MergeRule: Codable {
    let left: String
    let right: String

    init(left: String, right: String) { (self.left, self.right) = (left, right) }

    init(from decoder: any Decoder) throws {
      let parts: [String]
      if let text = try? decoder.singleValueContainer().decode(String.self) {
        parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      } else {
        parts = try decoder.singleValueContainer().decode([String].self)
      }
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "a merge joins two tokens"))
      }
      self.init(left: parts[0], right: parts[1])
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode("\(left) \(right)")
    }
  }

  var version: String? = "1.0"
  var added_tokens: [AddedToken]?
  var normalizer: Component?
  var pre_tokenizer: Component?
  var decoder: Component?
  var model: Model

  /// GPT-2's pattern, as files that name it spell it.
  static let gpt2Pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// GPT-2's `ByteLevel` component.
  static let byteLevel = Component(
    type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true)
}
