/// How often each pair of neighbouring tokens occurs, where, and which is the most frequent; kept
/// up to date while pairs are merged.
struct PairCounts {
  /// A pair with a count that it had: more frequent pairs come first, lower ids among equals.
  private struct Candidate: Comparable {
    let count: Int
    let pair: TokenPair

    static func < (a: Candidate, b: Candidate) -> Bool {
      if a.count != b.count { return a.count > b.count }
      return (a.pair.left, a.pair.right) < (b.pair.left, b.pair.right)
    }
  }

  private var index = PairIndex()
  private var pairs: [TokenPair] = []
  private var counts: [Int] = []
  /// Words that hold the pair or held it once.
  private var words: [[Int32]] = []
  private var candidates = Heap<Candidate>()
  private var raised: [Int32] = []  // pairs whose count went up since the last `refresh`

  /// Adds `amount` (positive or negative) to the count of the pair, which `word` holds.
  mutating func add(_ amount: Int, to pair: TokenPair, in word: Int32) {
    var number = Int(index.find(pair))
    if number < 0 {
      number = pairs.count
      index.set(pair, Int32(number))
      pairs.append(pair)
      counts.append(0)
      words.append([])
    }
    counts[number] += amount
    guard amount > 0 else { return }
    if words[number].last != word { words[number].append(word) }
    if raised.last != Int32(number) { raised.append(Int32(number)) }
  }

  /// Makes pairs whose count went up candidates. Counts that went down are seen by `popMost`.
  mutating func refresh() {
    for number in Set(raised) {
      candidates.push(.init(count: counts[Int(number)], pair: pairs[Int(number)]))
    }
    raised.removeAll(keepingCapacity: true)
  }

  /// Sets the count of a pair that was merged everywhere to zero.
  mutating func remove(_ pair: TokenPair) { counts[Int(index.find(pair))] = 0 }

  /// Takes out the most frequent pair, the one with the lowest ids among equals, with the words
  /// that may hold it; nil when no pair is left.
  mutating func popMost() -> (pair: TokenPair, count: Int, words: [Int32])? {
    while let top = candidates.pop() {
      let number = Int(index.find(top.pair))
      guard counts[number] > 0 else { continue }
      guard counts[number] >= top.count else {
        candidates.push(.init(count: counts[number], pair: top.pair))
        continue
      }
      let result = (top.pair, counts[number], words[number])
      words[number] = []
      return result
    }
    return nil
  }
}
