import Corpus
import Experiment

/// How a question becomes the tokens of an item.
struct TaskPrompt: Sendable {
  /// How context and answer are cut into tokens.
  enum Cut: Sendable {
    /// LLM-Foundry: examples, context and answer each by themselves.
    case apart
    /// lm-evaluation-harness: together; the answer is what the context alone does not have.
    case together
  }

  let cut: Cut
  /// Before everything.
  var preamble = ""
  /// Between examples.
  let exampleDelimiter: String
  /// Between a context and its answer.
  let answerDelimiter: String
  let tokenizer: Tokenizer
  /// T: the longest sequence of the model.
  let contextLength: Int

  /// The questions as a task; `shots` other questions of the file stand before each.
  func task(
    _ name: String, rule: ScoringRule, _ questions: [TaskQuestion], places: [String], shots: Int
  ) throws(UserError) -> FileTasks.Task {
    var random = PythonRandom(seed: 1234)
    var items: [MultipleChoiceTask.Item] = []
    var truncated = 0
    for (number, question) in questions.enumerated() {
      var examples = preamble
      for example in self.examples(shots, of: questions, for: number, &random) {
        if cut == .apart, !examples.isEmpty { examples += exampleDelimiter }
        examples += questions[example].text(answerDelimiter)
        if cut == .together { examples += exampleDelimiter }
      }
      var choices: [MultipleChoiceTask.Choice] = []
      var isTruncated = false
      for choice in 0..<question.choices {
        let (context, answer) = tokens(
          examples, question.context(choice), question.answer(choice))
        guard !answer.isEmpty, !question.answer(choice).isEmpty else {
          throw UserError(
            .badData, "choice \(choice) has zero tokens", at: places[number],
            fix: "give it a text, or remove the line")
        }
        let fitting = fit(context, answer)
        isTruncated = isTruncated || fitting.isTruncated
        choices.append(
          MultipleChoiceTask.Choice(
            context: fitting.context, answer: fitting.answer,
            answerBytes: question.answer(choice).utf8.count,
            answerCharacters: question.answer(choice).unicodeScalars.count))
      }
      truncated += isTruncated ? 1 : 0
      items.append(
        MultipleChoiceTask.Item(
          id: "\(name)-\(number)", choices: choices, correct: question.correct))
    }
    return FileTasks.Task(
      task: MultipleChoiceTask(name: name, rule: rule, items: items), truncated: truncated)
  }

  private func tokens(
    _ examples: String, _ context: String, _ answer: String
  ) -> (context: [Int32], answer: [Int32]) {
    switch cut {
    case .apart:
      let lead = examples.isEmpty ? "" : exampleDelimiter
      let text = (lead + context + answerDelimiter).withoutTrailingBlanks
      // LLM-Foundry adds the space where " a" is one token, to tell tokenizers that add one by
      // themselves. Byte-level BPE never does, however small its vocabulary.
      return (tokenizer.encode(examples) + tokenizer.encode(text), tokenizer.encode(" " + answer))
    case .together:
      let text = examples + context
      let stripped = text.withoutTrailingBlanks
      let ending = text.dropFirst(stripped.count) + answerDelimiter + answer
      guard !stripped.isEmpty else { return ([], tokenizer.encode(String(ending))) }
      let known = tokenizer.encode(stripped)
      return (known, Array(tokenizer.encode(stripped + ending).dropFirst(known.count)))
    }
  }

  /// At most `contextLength` tokens and the one after them: the beginning goes first, in the worst
  /// case the beginning of the answer too.
  private func fit(
    _ context: [Int32], _ answer: [Int32]
  ) -> (context: [Int32], answer: [Int32], isTruncated: Bool) {
    let excess = max(context.count, 1) + answer.count - (contextLength + 1)
    guard excess > 0 else { return (context, answer, false) }
    if excess < context.count { return (Array(context[excess...]), answer, true) }
    let text = (context + answer).suffix(contextLength + 1)
    return (Array(text.prefix(1)), Array(text.dropFirst()), true)
  }

  /// The examples of a question: other ones of the file, drawn from one generator for the whole file.
  ///
  /// LLM-Foundry draws a set and exchanges the question itself for another; lm-evaluation-harness
  /// draws one more than it needs and leaves out what equals the question.
  private func examples(
    _ shots: Int, of questions: [TaskQuestion], for number: Int, _ random: inout PythonRandom
  ) -> [Int] {
    guard shots > 0 else { return [] }
    switch cut {
    case .apart:
      let drawn = random.sample(min(shots, questions.count - 1), below: questions.count)
      var chosen = PythonSet(drawn)
      if drawn.contains(number) {
        chosen.remove(number)
        var other = number
        while other == number || drawn.contains(other) {
          other = random.integer(below: questions.count)
        }
        chosen.insert(other)
      }
      return chosen.elements
    case .together:
      let drawn = random.sample(min(shots + 1, questions.count), below: questions.count)
      return Array(drawn.filter { questions[$0] != questions[number] }.prefix(shots))
    }
  }
}

extension TaskQuestion {
  /// The question with its right answer.
  fileprivate func text(_ delimiter: String) -> String {
    context(correct) + delimiter + answer(correct)
  }
}

extension String {
  fileprivate var withoutTrailingBlanks: String {
    var text = self
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
