import Experiment
import Foundation

extension Tokenizer {
  /// Reads a Hugging Face `tokenizer.json` of byte-level BPE with GPT-2's pre-tokenisation.
  ///
  /// - Throws: `UserError` that names the file and the part of it that is wrong or not supported.
  public init(contentsOf url: URL) throws(UserError) {
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw UserError(
        .missingInput, "cannot read the tokenizer: \(error.localizedDescription)", at: url.path,
        fix: "make the corpus with `overtrain data`, or give the path of a tokenizer.json")
    }
    let file: TokenizerFile
    do { file = try JSONDecoder().decode(TokenizerFile.self, from: data) } catch {
      throw Tokenizer.error(Tokenizer.describe(error), url)
    }
    try self.init(file, from: url)
  }

  /// Writes a `tokenizer.json` that this type and the `tokenizers` package read, durably.
  public func save(to url: URL) throws(UserError) {
    var names = tokens.map(ByteAlphabet.encode)
    for special in specials { names[Int(special.id)] = special.content }
    var vocabulary: [String: Int] = [:]
    for (id, name) in names.enumerated() { vocabulary[name] = id }
    let merges = merges.pairs.map {
      TokenizerFile.MergeRule(left: names[Int($0.left)], right: names[Int($0.right)])
    }
    let file = TokenizerFile(
      added_tokens: specials.map {
        TokenizerFile.AddedToken(id: Int($0.id), content: $0.content, special: true)
      },
      pre_tokenizer: TokenizerFile.byteLevel, decoder: TokenizerFile.byteLevel,
      model: .init(type: "BPE", vocab: vocabulary, merges: merges))
    try DurableFile.write(json: file, to: url)
  }

  private init(_ file: TokenizerFile, from url: URL) throws(UserError) {
    if let what = file.unsupported {
      throw Tokenizer.error(
        what, url,
        fix: "use a byte-level BPE tokenizer like GPT-2's, or let `overtrain data` train one")
    }
    let specials = try Tokenizer.specials(file, url)
    let tokens = try Tokenizer.tokens(file, specials, url)
    let single = Set(tokens.lazy.filter { $0.count == 1 }.map { $0[0] })
    for byte in UInt8.min...UInt8.max where !single.contains(byte) {
      throw Tokenizer.error(
        "no token for byte \(byte)", url, fix: "train it with the whole byte-level alphabet")
    }
    var merges = MergeTable()
    for (rank, rule) in file.model.merges.enumerated() {
      func id(_ name: String, _ part: String) throws(UserError) -> Int32 {
        guard let id = file.model.vocab[name] else {
          throw Tokenizer.error(
            "model.merges[\(rank)]: \(part) '\(name)' is not in the vocabulary", url)
        }
        return Int32(id)
      }
      let pair = TokenPair(left: try id(rule.left, "token"), right: try id(rule.right, "token"))
      merges.append(pair, makes: try id(rule.left + rule.right, "result"))
    }
    self.init(tokens: tokens, merges: merges, specials: specials)
  }

  /// `<|endoftext|>` first, then the others.
  private static func specials(
    _ file: TokenizerFile, _ url: URL
  ) throws(UserError) -> [Special] {
    var specials: [Special] = []
    for token in file.added_tokens ?? [] {
      guard token.special else {
        throw error(
          "added token '\(token.content)' is not special, so it would change how text is cut", url,
          fix: "use a tokenizer whose added tokens are all special")
      }
      guard token.id >= 0, token.id < 65_536 else {
        throw error("added token '\(token.content)' has id \(token.id)", url, fix: idRange)
      }
      specials.append(Special(id: Int32(token.id), content: token.content))
    }
    let name = "<|endoftext|>"
    if let index = specials.firstIndex(where: { $0.content == name }) {
      specials.swapAt(0, index)
    } else if let id = file.model.vocab[name], id >= 0, id < 65_536 {
      specials.insert(Special(id: Int32(id), content: name), at: 0)
    } else if !specials.isEmpty {
      throw error("no special token '\(name)'", url, fix: "add it; it separates documents")
    }
    return specials
  }

  /// The bytes of each id, after checking that ids are 0, 1, 2, … without gap or double.
  private static func tokens(
    _ file: TokenizerFile, _ specials: [Special], _ url: URL
  ) throws(UserError) -> [[UInt8]] {
    var names = file.model.vocab.map { (name: $0.key, id: $0.value, special: false) }
    for special in specials {
      if let id = file.model.vocab[special.content] {
        guard id == Int(special.id) else {
          throw error("'\(special.content)' has two ids, \(id) and \(special.id)", url)
        }
        names.removeAll { $0.name == special.content }
      }
      names.append((special.content, Int(special.id), true))
    }
    names.sort { ($0.id, $0.name) < ($1.id, $1.name) }
    guard names.count <= 65_536 else {
      throw error("the vocabulary has \(names.count) tokens", url, fix: idRange)
    }
    var tokens: [[UInt8]] = []
    for (expected, entry) in names.enumerated() {
      guard entry.id == expected else {
        let what =
          entry.id < expected && entry.id >= 0
          ? "id \(entry.id) belongs to two tokens, '\(names[expected - 1].name)' and '\(entry.name)'"
          : "no token has id \(expected) ('\(entry.name)' has \(entry.id))"
        throw error(what, url)
      }
      guard let bytes = entry.special ? [] : ByteAlphabet.decode(entry.name) else {
        throw error("token \(entry.id), '\(entry.name)', is not in the byte-level alphabet", url)
      }
      tokens.append(bytes)
    }
    return tokens
  }

  private static let idRange = "use a vocabulary of at most 65,536 tokens"

  private static func error(
    _ what: String, _ url: URL, fix: String = "the file was altered; make it again"
  ) -> UserError { UserError(.badData, "bad tokenizer: \(what)", at: url.path, fix: fix) }

  private static func describe(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    func path(_ keys: [any CodingKey]) -> String {
      keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined().drop { $0 == "." }
        .description
    }
    return switch error {
    case .keyNotFound(let key, let context): "'\(path(context.codingPath + [key]))' is missing"
    case .typeMismatch(let type, let context):
      "'\(path(context.codingPath))' is not of type \(type)"
    case .valueNotFound(let type, let context):
      "'\(path(context.codingPath))' is null, not of type \(type)"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "not JSON: \(context.underlyingError.map { "\($0)" } ?? context.debugDescription)"
        : "'\(path(context.codingPath))': \(context.debugDescription)"
    @unknown default: "\(error)"
    }
  }
}

extension TokenizerFile {
  /// The first thing in the file that this implementation does not do; nil if all is well.
  fileprivate var unsupported: String? {
    if let type = model.type, type != "BPE" { return "model.type is '\(type)', not 'BPE'" }
    if let dropout = model.dropout, dropout > 0 { return "model.dropout is \(dropout), not 0" }
    if model.ignore_merges == true { return "model.ignore_merges is true" }
    if model.continuing_subword_prefix?.isEmpty == false {
      return "model.continuing_subword_prefix is set"
    }
    if model.end_of_word_suffix?.isEmpty == false { return "model.end_of_word_suffix is set" }
    if let normalizer { return "normalizer is '\(normalizer.type)', not null" }
    guard let preTokenizer = pre_tokenizer else { return "there is no pre_tokenizer" }
    return preTokenizer.isGPT2 ? nil : "pre_tokenizer is not GPT-2's"
  }
}

extension TokenizerFile.Component {
  /// Whether this pre-tokenizer cuts text as GPT-2 does: `ByteLevel`, or its pattern spelt out.
  fileprivate var isGPT2: Bool {
    if type == "ByteLevel" { return add_prefix_space == false && use_regex != false }
    guard type == "Sequence", let parts = pretokenizers, parts.count == 2 else { return false }
    return parts[0].type == "Split" && parts[0].pattern?.Regex == TokenizerFile.gpt2Pattern
      && parts[0].behavior == "Isolated" && parts[0].invert != true
      && parts[1].type == "ByteLevel" && parts[1].add_prefix_space == false
  }
}
