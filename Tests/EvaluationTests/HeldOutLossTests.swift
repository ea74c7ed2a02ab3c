import Corpus
import Evaluation
import Experiment
import Foundation
import Kernels
import Model
import Synchronization
import Testing

@Suite struct HeldOutLossTests {
  private let folder: TemporaryFolder
  private let corpus: TokenizedCorpus

  init() throws {
    folder = try TemporaryFolder()
    // With letters of two bytes: the tokens are bytes, so only separators tell their counts apart.
    corpus = try byteCorpus(
      in: folder.url,
      [
        ("train", .training, ["never looked at, whatever happens here"]),
        ("val", .validation, (0..<40).map { "document number \($0)" }),
        ("other", .outOfDistribution, [String(repeating: "höher ", count: 60)]),
      ])
  }

  private func evaluator(tokens: Int = 1 << 20, contextLength: Int = 16) throws -> Evaluator {
    try Evaluator(
      corpus: corpus, config: EvaluationConfig(validationTokens: tokens),
      contextLength: contextLength)
  }

  /// Every byte costs ln 2 and a separator nothing: one bit per byte, exactly.
  @Test func bitsPerByteAreExact() throws {
    let model = try StubModel(contextLength: 16) { _, target in target == 0 ? 0 : 0.6931472 }
    let losses = try evaluator().validation(model, model.weights, seeds: Seeds(base: 1))
    #expect(losses.map(\.set) == ["val", "other"])
    #expect(losses.map(\.inDistribution) == [true, false])
    for loss in losses {
      #expect(abs(loss.bitsPerByte - 1) < 1e-6)
      #expect(loss.tokens == loss.sequences * 16)
      #expect(abs(loss.loss * Double(loss.tokens) - log(2) * Double(loss.bytes)) < 1e-3)
      #expect(loss.low <= loss.loss && loss.loss <= loss.high)
    }
    // 40 documents of 17 or 18 bytes and a separator each: 750 tokens, 46 windows of 16, and 38
    // separators among their targets.
    #expect(losses[0].sequences == 46 && losses[0].tokens == 736)
    #expect(losses[0].bytes < losses[0].tokens && losses[0].low < losses[0].high)
  }

  @Test func constantLossHasNoInterval() throws {
    let model = try StubModel(contextLength: 16) { _, _ in 1.5 }
    let loss = try evaluator().validation(model, model.weights, seeds: Seeds(base: 1))[0]
    #expect(loss.loss == 1.5 && loss.low == 1.5 && loss.high == 1.5)
    #expect(abs(loss.bitsPerByte - 1.5 * 736 / (log(2) * Double(loss.bytes))) < 1e-12)
  }

  /// Windows are scored once each, whole, and spread over the set when there are too many.
  @Test func windowsAreEvenlySpread() throws {
    let seen = Mutex<[[Int32]]>([])
    let model = try StubModel(contextLength: 16) { previous, target in
      if previous.count == 16 { seen.withLock { $0.append(Array(previous) + [target]) } }
      return 1
    }
    let all = try evaluator().validation(model, model.weights, seeds: Seeds(base: 1))
    let windows = seen.withLock { seen in
      defer { seen = [] }
      return seen
    }
    #expect(windows.count == all[0].sequences + all[1].sequences)
    var tokens = Array(repeating: Int32(0), count: 46 * 16 + 1)
    try corpus.tokens(of: "val").copy(from: 0, count: tokens.count, into: &tokens, at: 0)
    for (i, window) in windows.prefix(46).enumerated() {
      #expect(window == Array(tokens[i * 16...i * 16 + 16]))
    }
    let few = try evaluator(tokens: 16 * 4).validation(model, model.weights, seeds: Seeds(base: 2))
    #expect(few[0].sequences == 4)
    let chosen = seen.withLock { Array($0.prefix(4)) }
    #expect(chosen == [0, 11, 23, 34].map { windows[$0] })
  }

  /// A real model gives the same losses however many sequences go together.
  @Test func shorterContextThanModelIsMeasured() throws {
    let model = try tinyConfig(contextLength: 32).build()
    let weights = ParameterBuffer(model.layout)
    model.initialize(weights, seed: 5)
    let losses = try evaluator().validation(model, weights, seeds: Seeds(base: 1))
    #expect(losses.allSatisfy { $0.loss > 4 && $0.loss < 8 })
    #expect(losses == (try evaluator().validation(model, weights, seeds: Seeds(base: 1))))
  }

  /// Any batch size, any number of workers: the same losses and intervals, bit for bit.
  @Test func batchSizeAndWorkersDoNotMatter() throws {
    let model = try tinyConfig(contextLength: 16).build()
    let weights = ParameterBuffer(model.layout)
    model.initialize(weights, seed: 5)
    let evaluator = try evaluator()
    let alone = try evaluator.validation(model, weights, seeds: Seeds(base: 1), batchTokens: 1)
    for batchTokens in [48, 700, 1 << 20] {
      for workers in [1, 3] {
        #expect(
          try evaluator.validation(
            model, weights, seeds: Seeds(base: 1), batchTokens: batchTokens, workers: workers)
            == alone)
      }
    }
  }

  /// A target costs a nat for each token before it, and ten more if it is the first byte of ö.
  @Test func detailSortsByPositionAndFrequency() throws {
    let model = try StubModel(contextLength: 16) { previous, target in
      Float(previous.count) + (target == 0xC3 ? 10 : 0)
    }
    let both = try evaluator().detailedValidation(model, model.weights, seeds: Seeds(base: 1))
    let plain = try evaluator().validation(model, model.weights, seeds: Seeds(base: 1))
    #expect(both.map(\.loss) == plain)
    for (loss, detail) in both {
      let detail = try #require(detail)
      #expect(detail.set == loss.set && detail.byPosition.count == 16)
      #expect(detail.byPosition.allSatisfy { $0.tokens == loss.sequences })
      #expect(detail.byFrequencyDecile.count == 10)
      for parts in [detail.byPosition, detail.byFrequencyDecile] {
        #expect(parts.reduce(0) { $0 + $1.tokens } == loss.tokens)
        let sum = parts.reduce(0.0) { $0 + ($1.loss ?? 0) * Double($1.tokens) }
        #expect(abs(sum / Double(loss.tokens) - loss.loss) < 1e-9)
      }
    }
    // Position t is predicted from t + 1 tokens; the set val has no ö.
    #expect(both[0].detail?.byPosition.map(\.loss) == (1...16).map { Double($0) })
    // A fifth of the training text is e, whose middle is in the second tenth; ö, which it does not
    // have, is in the last.
    let deciles = try #require(both[1].detail).byFrequencyDecile
    #expect(deciles[9].tokens > 0 && deciles[1].tokens > 0 && deciles[0].tokens == 0)
    let others = deciles[..<9].filter { $0.tokens > 0 }.compactMap(\.loss)
    #expect(try #require(deciles[9].loss) > (others.max() ?? 0) + 2)
    // As it is written to evaluation.jsonl, and read again.
    let encoded = try JSONEncoder().encode(both[1].detail)
    let decoded = try JSONDecoder().decode(LossDetail.self, from: encoded)
    #expect(decoded.byPosition.map(\.tokens) == both[1].detail?.byPosition.map(\.tokens))
    #expect(abs((decoded.byFrequencyDecile[9].loss ?? 0) - (deciles[9].loss ?? 0)) < 1e-9)
  }

  /// The validation split of another corpus is a set of its name, not of the training distribution;
  /// text of the user's is measured without a corpus.
  @Test func othersAreMeasuredToo() throws {
    let elsewhere = folder.url.appendingPathComponent("elsewhere")
    try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
    let other = try byteCorpus(
      in: elsewhere,
      [
        ("train", .training, ["what another model is trained on"]),
        ("val", .validation, (0..<9).map { "another number \($0)" }),
      ])
    let model = try StubModel(contextLength: 16) { _, target in Float(target) / 100 }
    let config = EvaluationConfig()
    let own = try Evaluator(corpus: corpus, config: config, contextLength: 16)
    let both = try Evaluator(corpus: corpus, config: config, contextLength: 16, others: [other])
    let losses = try both.validation(model, model.weights, seeds: Seeds(base: 1))
    let ownLosses = try own.validation(model, model.weights, seeds: Seeds(base: 1))
    #expect(losses.dropLast() == ownLosses[...])
    #expect(losses.last?.set == "toy" && losses.last?.inDistribution == false)
    let file = folder.url.appendingPathComponent("poem.txt")
    let lines = (0..<9).map { "another number \($0)" }
    try Data(lines.joined(separator: "\n\n").utf8).write(to: file)
    let text = try Evaluator(
      texts: [HeldOutText(file, tokenizer: .bytes)], tokenizer: .bytes, config: config,
      contextLength: 16)
    let loss = try text.validation(model, model.weights, seeds: Seeds(base: 1))
    #expect(loss.map(\.set) == ["poem"] && loss[0].tokens == 144 && !loss[0].inDistribution)
    #expect {
      try HeldOutText(folder.url.appendingPathComponent("none.txt"), tokenizer: .bytes)
    } throws: { ($0 as? UserError)?.kind == .missingInput }
  }

  @Test func stopsWhenAsked() throws {
    let model = try StubModel(contextLength: 16) { _, _ in 1 }
    #expect {
      try evaluator().validation(
        model, model.weights, seeds: Seeds(base: 1), shouldStop: { true })
    } throws: { ($0 as? UserError)?.kind == .interrupted }
  }

  @Test func setShorterThanAWindowIsNamed() throws {
    #expect {
      try evaluator(contextLength: 500)
    } throws: { error in
      guard let error = error as? UserError else { return false }
      return error.kind == .badData && error.location == "set other" && error.fix != nil
    }
  }
}
