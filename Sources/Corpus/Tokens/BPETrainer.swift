import Experiment

/// Learns a byte-level BPE vocabulary: join the most frequent pair of tokens, again and again
/// (Sennrich, Haddow & Birch 2016; over bytes as in GPT-2).
///
/// Text is reduced to its distinct pieces with their counts first; after a merge only the pieces
/// that held the pair are looked at. Ids and ties are those of the `tokenizers` package:
/// `<|endoftext|>` is 0, bytes are 1…256 in the order of GPT-2's alphabet, merges follow.
public enum BPETrainer {
  /// A tokenizer of exactly `vocabularySize` tokens, the same for the same documents in any order.
  ///
  /// - Parameter vocabularySize: 256 for bytes alone, or 257…65,536
  /// - Throws: `UserError` if the size is out of range or the text has too few pairs for it.
  public static func train(
    documents: some Sequence<[UInt8]>, vocabularySize: Int
  ) throws(UserError) -> Tokenizer {
    guard vocabularySize >= 256, vocabularySize <= 65_536 else {
      throw UserError(
        .badConfig, "a vocabulary of \(vocabularySize) tokens is not possible",
        fix: "choose a size from 256 (bytes) to 65,536")
    }
    guard vocabularySize > 256 else { return .bytes }
    let counts = count(documents)
    var vocabulary = Vocabulary()
    var corpus = MergingCorpus(counts, byteTokens: vocabulary.byteTokens)
    while vocabulary.tokens.count < vocabularySize {
      guard let (pair, count, words) = corpus.pairs.popMost(), count >= 2 else {
        throw UserError(
          .badData,
          "the text has pairs for \(vocabulary.tokens.count) tokens, not for \(vocabularySize)",
          fix: "give more text or choose a smaller vocabulary")
      }
      corpus.merge(pair, into: vocabulary.join(pair), words)
    }
    return Tokenizer(
      tokens: vocabulary.tokens, merges: vocabulary.merges,
      specials: [.init(id: 0, content: "<|endoftext|>")])
  }

  private static func count(_ documents: some Sequence<[UInt8]>) -> WordCounts {
    let preTokenizer = PreTokenizer()
    var counts = WordCounts()
    for document in documents {
      let text = document.span
      var start = 0
      while start < text.count {
        let end = preTokenizer.end(of: text, from: start)
        counts.add(text, start..<end)
        start = end
      }
    }
    return counts
  }

  /// The tokens learnt so far.
  private struct Vocabulary {
    var tokens: [[UInt8]] = [[]] + ByteAlphabet.order.map { [$0] }
    var merges = MergeTable()
    private var ids: [[UInt8]: Int32] = [:]

    var byteTokens: [Int32] {
      var byteTokens = [Int32](repeating: 0, count: 256)
      for (position, byte) in ByteAlphabet.order.enumerated() {
        byteTokens[Int(byte)] = Int32(position + 1)
      }
      return byteTokens
    }

    /// Two merges can spell the same token; it then keeps its id.
    mutating func join(_ pair: TokenPair) -> Int32 {
      let bytes = tokens[Int(pair.left)] + tokens[Int(pair.right)]
      let id = ids[bytes] ?? Int32(tokens.count)
      if ids.updateValue(id, forKey: bytes) == nil { tokens.append(bytes) }
      merges.append(pair, makes: id)
      return id
    }
  }
}

/// The distinct pieces of a text as tokens, with the counts of their pairs.
private struct MergingCorpus {
  var pairs = PairCounts()
  private var symbols: [Int32]
  private let starts: [Int]
  private var lengths: [Int]
  private let counts: [Int]

  init(_ words: WordCounts, byteTokens: [Int32]) {
    symbols = words.bytes.map { byteTokens[Int($0)] }
    starts = (0..<words.count).map { words.range(of: $0).lowerBound }
    lengths = (0..<words.count).map { words.range(of: $0).count }
    counts = words.counts
    for word in 0..<words.count {
      for position in words.range(of: word).dropLast() {
        let pair = TokenPair(left: symbols[position], right: symbols[position + 1])
        pairs.add(counts[word], to: pair, in: Int32(word))
      }
    }
    pairs.refresh()
  }

  /// Replaces `pair` by `token` in `words`, from left to right.
  mutating func merge(_ pair: TokenPair, into token: Int32, _ words: [Int32]) {
    for word in words {
      let start = starts[Int(word)]
      let end = start + lengths[Int(word)]
      let count = counts[Int(word)]
      var read = start
      var write = start
      while read < end {
        guard read + 1 < end, symbols[read] == pair.left, symbols[read + 1] == pair.right else {
          symbols[write] = symbols[read]
          read += 1
          write += 1
          continue
        }
        if write > start {
          let before = symbols[write - 1]
          pairs.add(-count, to: TokenPair(left: before, right: pair.left), in: word)
          pairs.add(count, to: TokenPair(left: before, right: token), in: word)
        }
        if read + 2 < end {
          let after = symbols[read + 2]
          pairs.add(-count, to: TokenPair(left: pair.right, right: after), in: word)
          pairs.add(count, to: TokenPair(left: token, right: after), in: word)
        }
        symbols[write] = token
        read += 2
        write += 1
      }
      lengths[Int(word)] = write - start
    }
    pairs.remove(pair)
    pairs.refresh()
  }
}
