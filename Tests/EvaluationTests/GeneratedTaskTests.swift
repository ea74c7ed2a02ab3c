import Corpus
import Evaluation
import Experiment
import Foundation
import Kernels
import Model
import Testing

@Suite struct GeneratedTaskTests {
  private static let all = GeneratedTask.allCases.map(\.rawValue)
  private static let documents = inventedDocuments(300)

  private func suite(
    _ names: [String] = all, from documents: [String] = documents,
    tokenizer: Tokenizer = .bytes, fingerprint: String = "a", items: Int = 120,
    contextLength: Int = 64
  ) throws -> [MultipleChoiceTask] {
    try GeneratedTask.suite(
      names, from: { _ in documents }, tokenizer: tokenizer, fingerprint: fingerprint,
      itemsPerTask: items,
      contextLength: contextLength)
  }

  private func text(_ tokens: [Int32], _ tokenizer: Tokenizer = .bytes) -> String {
    String(decoding: tokenizer.decode(tokens), as: UTF8.self)
  }

  @Test func sameCorpusSameItems() throws {
    let first = try suite()
    let again = try suite()
    let other = try suite(fingerprint: "b")
    for (i, name) in Self.all.enumerated() {
      #expect(first[i].name == name)
      #expect(first[i].items == again[i].items)
      #expect(first[i].items != other[i].items)
    }
    // A task's items do not depend on which others are asked for, nor on longer contexts.
    #expect(
      try suite(["induction"])[0].items == first[Self.all.firstIndex(of: "induction") ?? 0].items)
    #expect(try suite(contextLength: 256)[0].items == first[0].items)
  }

  @Test(arguments: [16, 64])
  func itemsFitTheContext(contextLength: Int) throws {
    let tokenizer = try BPETrainer.train(
      documents: Self.documents.map { Array($0.utf8) }, vocabularySize: 400)
    for tokenizer in [Tokenizer.bytes, tokenizer] {
      // Swapped letters are rarely as many tokens where syllables are tokens.
      let names = Self.all.filter { $0 != "letterSwap" }
      for task in try suite(
        contextLength == 64 ? names : ["nextWord", "article"], tokenizer: tokenizer,
        contextLength: contextLength)
      {
        for choice in task.items.flatMap(\.choices) {
          #expect(choice.context.count + choice.answer.count <= contextLength, "\(task.name)")
          #expect(!choice.context.isEmpty)
          #expect(choice.answerBytes == text(choice.answer, tokenizer).utf8.count)
        }
      }
    }
  }

  /// Answers have as many tokens as each other, whatever the tokenizer.
  @Test(arguments: [256, 290, 400]) func answersHaveEqualLengths(vocabulary: Int) throws {
    let tokenizer =
      vocabulary == 256
      ? Tokenizer.bytes
      : try BPETrainer.train(
        documents: Self.documents.map { Array($0.utf8) }, vocabularySize: vocabulary)
    let names = Self.all.filter { vocabulary == 256 || $0 != "letterSwap" }
    for task in try suite(names, tokenizer: tokenizer) {
      for item in task.items {
        #expect(Set(item.choices.map(\.answer.count)).count == 1, "\(task.name)")
        #expect(Set(item.choices).count == item.choices.count, "\(task.name)")
      }
      // Where openings differ, the answer is the same.
      if [
        "nextWord", "continuation", "sameDocument", "induction", "article", "demonstrative",
        "conjunction",
      ].contains(task.name) {
        #expect(task.items.allSatisfy { Set($0.choices.map(\.answer)).count == 1 })
      }
    }
  }

  /// As many items have the one word of a pair right as the other.
  @Test func directionsAreBalanced() throws {
    let pairs: [(task: String, words: [(String, String)])] = [
      ("article", [("a", "an")]), ("demonstrative", [("this", "these"), ("that", "those")]),
      ("agreement", [("is", "are"), ("was", "were"), ("has", "have")]),
      ("pronounSwap", [("he", "it"), ("his", "its"), ("they", "them"), ("him", "her")]),
      ("conjunction", [("and", "or"), ("but", "as"), ("when", "if")]),
      ("prepositionSwap", [("of", "in"), ("to", "by"), ("on", "at"), ("with", "from")]),
    ]
    for (name, words) in pairs {
      let task = try suite([name])[0]
      var counts: [String: Int] = [:]
      for item in task.items {
        let choice = item.choices[item.correct]
        // Words that are not scored themselves end the context.
        let isScored = Set(item.choices.map(\.context)).count == 1
        let scored = isScored ? choice.answer : choice.context
        let all = text(scored).split(separator: " ")
        counts[String(isScored ? all[0] : all[all.count - 1]), default: 0] += 1
      }
      for (one, other) in words {
        #expect(counts[one] == counts[other] && (counts[one] ?? 0) > 10, "\(one) \(other)")
      }
    }
  }

  /// The right choice is the one that stands in a document, and no place in the list is favoured.
  @Test func rightChoiceIsTheText() throws {
    for name in [
      "wordOrder", "adjacentSwap", "distantSwap", "letterSwap", "comma", "sentenceOrder",
      "lastWord", "nextWord", "continuation",
    ] {
      let task = try suite([name])[0]
      var places: [Int: Int] = [:]
      for item in task.items {
        places[item.correct, default: 0] += 1
        for (i, choice) in item.choices.enumerated() {
          let text = String(text(choice.context + choice.answer).dropFirst())
          let isThere = Self.documents.contains { $0.contains(text) }
          #expect(isThere == (i == item.correct), "\(name): \(text)")
        }
      }
      let expected = Double(task.items.count) * (1 - task.chance)
      for count in places.values {
        #expect(abs(Double(count) - expected) < 4 * expected.squareRoot())
      }
    }
  }

  /// No word of an item is one that only other documents have.
  @Test func itemsComeFromTheGivenDocumentsAlone() throws {
    let known = Set(
      Self.documents.flatMap { $0.split { !$0.isLetter } }.map(String.init))
    let elsewhere = inventedDocuments(20, marker: "zz")
    #expect(
      try suite(["continuation"], from: elsewhere)[0].items.contains {
        text($0.choices[0].answer).contains("zz")
      })
    for task in try suite() where task.name != "letterSwap" {
      for choice in task.items.flatMap(\.choices) {
        // A span may be cut inside its last word.
        for word in text(choice.context).split(whereSeparator: { !$0.isLetter }).dropLast() {
          #expect(known.contains { $0.hasPrefix(word) }, "\(task.name): \(word)")
        }
      }
    }
  }

  /// -short and -long say how many tokens an item has, @SET where its text is from.
  @Test func variantsHaveTheirRoomAndText() throws {
    let elsewhere = inventedDocuments(100, marker: "zz")
    let tasks = try GeneratedTask.suite(
      ["continuation", "continuation-short@far", "continuation-long"],
      from: { $0 == nil ? Self.documents : elsewhere }, tokenizer: .bytes, fingerprint: "a",
      itemsPerTask: 60, contextLength: 128)
    let lengths = tasks.map { task in
      task.items.flatMap(\.choices).map { $0.context.count + $0.answer.count }.max() ?? 0
    }
    #expect(lengths == [64, 24, 128])
    #expect(
      tasks.map { task in
        task.items.contains { text($0.choices[0].context).contains("zz") }
      } == [false, true, false])
    #expect(tasks[1].items[0].id == "continuation-short@far-0")
    #expect {
      try suite(["continuation-long"], contextLength: 64)
    } throws: { ($0 as? UserError)?.what.contains("up to 128 tokens") == true }
    #expect {
      try suite(["nextWord", "nextWord"])
    } throws: { ($0 as? UserError)?.what.contains("twice") == true }
  }

  /// A model that guesses errs as `chance` says, within four standard errors.
  @Test func guessingGivesChance() throws {
    let model = try StubModel(contextLength: 64) { previous, target in
      var hash = UInt64(truncatingIfNeeded: target)
      for token in previous { hash = hash &* 0x100_0000_01b3 ^ UInt64(token) }
      var random = RandomSource(seed: hash)
      return Float(random.uniform())
    }
    for task in try suite(items: 400) {
      let result = try task.score(
        model, model.weights, endOfText: 0)
      let chance = task.name == "wordOrder" || task.items[0].choices.count == 2 ? 0.5 : 0.75
      #expect(abs(task.chance - chance) < 1e-9)
      let deviation = (chance * (1 - chance) / Double(task.items.count)).squareRoot()
      #expect(abs(result.error.error - chance) < 4 * deviation, "\(task.name)")
    }
  }

  @Test func unknownTaskNamesTheNearest() throws {
    #expect {
      try suite(["wordOdrer"])
    } throws: { error in
      guard let error = error as? UserError else { return false }
      return error.kind == .badConfig && error.fix?.contains("did you mean \"wordOrder\"") == true
        && error.fix?.contains("prepositionSwap") == true
    }
  }

  @Test func tooLittleTextAndTooShortContextAreErrors() throws {
    #expect {
      try suite(["continuation"], from: ["Only a few words are here to ask about."])
    } throws: { ($0 as? UserError)?.kind == .badData }
    #expect {
      try suite(["continuation"], from: [])
    } throws: { ($0 as? UserError)?.kind == .badData }
    #expect {
      try suite(["continuation"], contextLength: 8)
    } throws: { ($0 as? UserError)?.kind == .badConfig }
    #expect(try suite([], from: []).isEmpty)
  }
}
