import Corpus
import Experiment
import Testing

@Suite struct CorpusPartsTests {
  typealias Input = (source: CorpusConfig.Source, documents: [TextDocument])

  private func input(_ texts: [[String]], set: String? = nil) -> Input {
    var source = CorpusConfig.Source()
    source.path = "x"
    source.set = set
    return (source, texts.map { TextDocument($0.map(bytes)) })
  }

  private func documents(_ count: Int, seed: UInt64) -> [[String]] {
    var babble = Babble(seed: seed)
    return (0..<count).map { _ in [babble.paragraph(), babble.paragraph()] }
  }

  private func config(_ set: (inout CorpusConfig) -> Void = { _ in }) -> CorpusConfig {
    var config = CorpusConfig(name: "x", tokenizer: .init(vocabularySize: 256), sources: [])
    config.validationShare = 0.1
    config.taskShare = 0.2
    set(&config)
    return config
  }

  @Test func sharesAreMetAndNothingIsLost() {
    let texts = documents(1_000, seed: 1)
    let parts = CorpusParts([input(texts)], config())
    #expect((70...130).contains(parts.validation.count))
    #expect((160...240).contains(parts.tasks.count))
    let all = parts.validation + parts.tasks + parts.training
    #expect(Set(all.map(\.text)) == Set(texts.map { bytes($0.joined(separator: "\n")) }))
    #expect(all.count == 1_000)
  }

  @Test func aDocumentsPartDependsOnItsTextAlone() {
    let texts = documents(200, seed: 2)
    let alone = CorpusParts([input(texts)], config())
    let among = CorpusParts([input(documents(300, seed: 3)), input(texts.reversed())], config())
    #expect(Set(alone.validation.map(\.text)).isSubset(of: among.validation.map(\.text)))
    #expect(Set(alone.tasks.map(\.text)).isSubset(of: among.tasks.map(\.text)))
    #expect(Set(alone.training.map(\.text)).isSubset(of: among.training.map(\.text)))
  }

  @Test func heldOutTextTakesPrecedenceOverTraining() {
    let texts = documents(400, seed: 4)
    let parts = CorpusParts([input(texts)], config())
    // Every document once more, each with one paragraph of its own in front.
    var babble = Babble(seed: 5)
    let again = texts.map { [babble.paragraph()] + $0 }
    let twice = CorpusParts([input(again), input(texts)], config())
    let paragraphs = [twice.validation, twice.tasks, twice.training].map {
      Set($0.flatMap(\.paragraphs))
    }
    #expect(paragraphs[0].isDisjoint(with: paragraphs[1].union(paragraphs[2])))
    #expect(paragraphs[1].isDisjoint(with: paragraphs[2]))
    #expect(paragraphs[0].isSuperset(of: parts.validation.flatMap(\.paragraphs)))
  }

  @Test func setsOfTheirOwnComeFirst() {
    let texts = documents(50, seed: 6)
    let parts = CorpusParts([input(texts), input(texts, set: "other")], config())
    #expect(parts.others.map(\.name) == ["other"])
    #expect(parts.others.first?.documents.count == 50)
    #expect(parts.training.isEmpty && parts.validation.isEmpty && parts.tasks.isEmpty)
  }

  @Test func theLimitTakesTheSameShareOfEverySource() {
    let inputs = [input(documents(600, seed: 7)), input(documents(600, seed: 8))]
    let all = CorpusParts(inputs, config())
    let bytes = all.training.reduce(0) { $0 + $1.byteCount }
    let half = CorpusParts(inputs, config { $0.maximumTrainingBytes = bytes / 2 })
    #expect(half.training == Array(all.training.prefix(half.training.count)))
    #expect(half.validation == all.validation)
    let first = Set(inputs[0].documents.map(\.text))
    let share = Double(half.training.count { first.contains($0.text) })
    #expect(abs(share / Double(half.training.count) - 0.5) < 0.08)
  }

  @Test func thirteenSharedWordsAreFoundAndTwelveAreNot() {
    let words = (0..<40).map {
      "word\(String(UnicodeScalar(UInt8(97 + $0 % 26))))\($0 > 25 ? "x" : "")"
    }
    func held(_ shared: Int) -> TextDocument {
      let text = ["alpha beta gamma"] + words[5..<(5 + shared)] + ["Delta, epsilon; zeta."]
      let filler = String(repeating: "Something else altogether, said here. ", count: 4)
      return TextDocument([bytes(text.joined(separator: " ").uppercased()), bytes(filler)])
    }
    let training = [TextDocument([bytes(words.joined(separator: ", "))])]
    for (shared, kept) in [(12, 2), (13, 1), (20, 1)] {
      var filter = NGramFilter(heldOut: [[held(shared)]])
      filter.see(training: training)
      #expect(filter.clean([held(shared)]).first?.paragraphs.count == kept, "\(shared) words")
    }
  }

  @Test func nearDuplicatesGoAndAreMeasured() {
    let texts = documents(300, seed: 9)
    // Each document again with its paragraphs changed at the ends only: exact de-duplication is
    // blind to that.
    let near = texts.map { $0.map { "Once more. " + $0 + " So they say." } }
    var parts = CorpusParts([input(texts), input(near)], config())
    let before = VerbatimCheck(heldOut: [parts.validation]).shares(in: parts.training)
    #expect(before[0] > 0.5)
    parts.removeNearDuplicates()
    #expect(parts.nearDuplicatesLeft["val"] == 0)
    #expect(parts.nearDuplicatesLeft["tasks"] == 0)
    #expect(parts.nearDuplicatesDropped["val"] ?? 0 > 20)
  }

  @Test func verbatimCheckComparesTheMiddleSixtyBytes() {
    func middle(_ text: String) -> String {
      String(repeating: "a", count: 30) + text + String(repeating: "b", count: 30)
    }
    let sixty = "0123456789 abcdefghij 0123456789 klmnopqrst 0123456789 uvwxyz"
    let core = String(sixty.prefix(60))
    let held = [
      TextDocument([bytes(middle(core)), bytes(middle(core.uppercased())), bytes("short")])
    ]
    let check = VerbatimCheck(heldOut: [held, []])
    #expect(check.shares(in: [TextDocument([bytes("xyz" + core + "xyz")])]) == [0.5, 0])
    #expect(check.shares(in: [TextDocument([bytes(String(core.dropLast()))])]) == [0, 0])
    #expect(check.shares(in: [TextDocument([bytes(core)])]) == [0.5, 0])
  }
}
