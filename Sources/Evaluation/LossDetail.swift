import Corpus
import Experiment

/// Mean loss by position in the window and by how frequent the target is.
public struct LossDetail: Codable, Sendable, Equatable {
  /// A sum of losses and how many there are.
  public struct Mean: Codable, Sendable, Equatable {
    /// Mean loss in nats per token; nil without tokens.
    public var loss: Double? { tokens == 0 ? nil : sum / Double(tokens) }
    var sum = 0.0
    /// How many tokens.
    public var tokens = 0

    private enum CodingKeys: String, CodingKey { case loss, tokens }

    init() {}

    /// Decodes what `encode` wrote.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      tokens = try container.decode(Int.self, forKey: .tokens)
      sum = (try container.decodeIfPresent(Double.self, forKey: .loss) ?? 0) * Double(tokens)
    }

    /// Encodes mean and count.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encodeIfPresent(loss, forKey: .loss)
      try container.encode(tokens, forKey: .tokens)
    }

    mutating func add(_ loss: Double) {
      sum += loss
      tokens += 1
    }

    static func + (a: Mean, b: Mean) -> Mean {
      var total = a
      total.sum += b.sum
      total.tokens += b.tokens
      return total
    }
  }

  /// Name of the set.
  public let set: String
  /// Position t is predicted from t + 1 tokens.
  public private(set) var byPosition: [Mean]
  /// From the tenth of the text that is made of the most frequent tokens to that of the rarest.
  public private(set) var byFrequencyDecile: [Mean]

  init(set: String, positions: Int) {
    self.set = set
    byPosition = Array(repeating: Mean(), count: positions)
    byFrequencyDecile = Array(repeating: Mean(), count: 10)
  }

  mutating func add(_ losses: ArraySlice<Double>, targets: [Int32], _ frequencies: TokenFrequencies)
  {
    for (position, loss) in losses.enumerated() {
      byPosition[position].add(loss)
      byFrequencyDecile[frequencies.decile[Int(targets[position])]].add(loss)
    }
  }

  static func + (a: LossDetail, b: LossDetail) -> LossDetail {
    var total = a
    total.byPosition = zip(a.byPosition, b.byPosition).map { $0 + $1 }
    total.byFrequencyDecile = zip(a.byFrequencyDecile, b.byFrequencyDecile).map { $0 + $1 }
    return total
  }
}

/// How frequent tokens are, in ten classes that each make up about a tenth of the text.
struct TokenFrequencies: Sendable {
  /// The class of each id: 0 the most frequent.
  let decile: [Int]

  /// As counted in the first `limit` of `tokens`.
  init(_ tokens: TokenSequence, vocabularySize: Int, limit: Int = 1 << 22) {
    var text = [Int32](repeating: 0, count: min(limit, tokens.count))
    tokens.copy(from: 0, count: text.count, into: &text, at: 0)
    var counts = [Int](repeating: 0, count: vocabularySize)
    for token in text { counts[Int(token)] += 1 }
    var decile = [Int](repeating: 9, count: vocabularySize)
    var before = 0
    for id in counts.indices.sorted(by: { (counts[$1], $0) < (counts[$0], $1) }) {
      // A token belongs where the middle of its share lies.
      decile[id] = min(9, 10 * (2 * before + counts[id]) / max(1, 2 * text.count))
      before += counts[id]
    }
    self.decile = decile
  }
}
