import Experiment

/// Byte-level byte-pair encoding with GPT-2's pre-tokenisation: text to token ids and back, without
/// loss for any bytes.
///
/// Agrees token for token with the `tokenizers` package on the same `tokenizer.json`, except that
/// text is data here: `<|endoftext|>` spelt out in a document is encoded as the text that it is.
public struct Tokenizer: Sendable {
  /// A token outside of text, such as `<|endoftext|>`: never the result of encoding.
  struct Special: Sendable, Equatable {
    let id: Int32
    let content: String
  }

  /// V: ids are below it.
  public let vocabularySize: Int
  /// The id that stands between documents.
  public let endOfText: Int
  /// The bytes of text that each id stands for; 0 for `endOfText` and other special tokens.
  public let byteCounts: [Int]

  /// The bytes of each id; empty for special tokens.
  let tokens: [[UInt8]]
  let merges: MergeTable
  let specials: [Special]
  private let byteTokens: [Int32]  // id of each byte
  private let preTokenizer = PreTokenizer()
  private let scratch = ScratchPool()

  /// Every byte its own token: V = 256, no merges. NUL, which cleaned text never holds, separates
  /// documents.
  public static var bytes: Tokenizer {
    Tokenizer(tokens: (0..<256).map { [UInt8($0)] }, merges: MergeTable(), specials: [])
  }

  /// - Parameters:
  ///   - tokens: the bytes of each id, every single byte among them
  ///   - specials: `<|endoftext|>` first; without any, the id of NUL separates documents
  init(tokens: [[UInt8]], merges: MergeTable, specials: [Special]) {
    precondition(tokens.count <= 65_536, "ids must fit 16 bits")
    var byteTokens = [Int32](repeating: -1, count: 256)
    for (id, bytes) in tokens.enumerated() where bytes.count == 1 {
      byteTokens[Int(bytes[0])] = Int32(id)
    }
    precondition(!byteTokens.contains(-1), "every byte needs a token")
    let endOfText = Int(specials.first?.id ?? byteTokens[0])
    var byteCounts = tokens.map(\.count)
    byteCounts[endOfText] = 0
    self.vocabularySize = tokens.count
    self.endOfText = endOfText
    self.byteCounts = byteCounts
    self.tokens = tokens
    self.merges = merges
    self.specials = specials
    self.byteTokens = byteTokens
  }

  /// Appends the tokens of `text` to `output`. Any number of threads may encode at once.
  public func encode(_ text: [UInt8], into output: inout [Int32]) {
    guard !merges.results.isEmpty else {
      output.append(contentsOf: text.lazy.map { byteTokens[Int($0)] })
      return
    }
    var scratch = scratch.take()
    let bytes = text.span
    var start = 0
    while start < bytes.count {
      let end = preTokenizer.end(of: bytes, from: start)
      let range = start..<end
      start = end
      guard range.count <= TokenCache.longestPiece else {
        scratch.words.encode(bytes, range, merges, byteTokens, into: &output)
        continue
      }
      let key = TokenCache.Key(bytes, range)
      guard !scratch.cache.find(key, appendingTo: &output) else { continue }
      let first = output.count
      scratch.words.encode(bytes, range, merges, byteTokens, into: &output)
      scratch.cache.remember(key, output[first...])
    }
    self.scratch.giveBack(scratch)
  }

  /// The tokens of `text`.
  public func encode(_ text: String) -> [Int32] {
    var output: [Int32] = []
    encode(Array(text.utf8), into: &output)
    return output
  }

  /// The bytes that `ids` stand for; special tokens stand for none.
  public func decode(_ ids: [Int32]) -> [UInt8] {
    var bytes: [UInt8] = []
    for id in ids where Int(id) != endOfText { bytes.append(contentsOf: tokens[Int(id)]) }
    return bytes
  }
}
