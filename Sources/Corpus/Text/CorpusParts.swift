import Experiment

/// The documents of a corpus in their parts, no paragraph in two of them.
package struct CorpusParts: Sendable {
  /// A validation set of another distribution.
  package struct OutOfDistribution: Sendable {
    package let name: String
    package var documents: [TextDocument] = []
  }

  /// Held-out documents of the training sources.
  package private(set) var validation: [TextDocument] = []
  /// Documents of the training sources that tasks are made from.
  package private(set) var tasks: [TextDocument] = []
  package private(set) var training: [TextDocument] = []
  package private(set) var others: [OutOfDistribution] = []
  /// Bytes and documents that each source gave to any part.
  private(set) var yields: [(bytes: Int, documents: Int)]
  /// Training paragraphs that another corpus holds out, by its name.
  package private(set) var trainingDropped: [String: Int] = [:]
  /// Held-out paragraphs that the n-gram filter took away, by set.
  package private(set) var nearDuplicatesDropped: [String: Int] = [:]
  /// Share of held-out paragraphs whose middle 60 bytes training text still has, by set.
  package private(set) var nearDuplicatesLeft: [String: Double] = [:]

  /// Splits, de-duplicates and orders the documents of `sources`.
  ///
  /// Exact duplicates go first: validation sets take precedence, then tasks, then training text, so
  /// that held-out text is as it was written. Within a part documents are in order of their hash: a
  /// prefix of a part is a fair sample of it.
  package init(
    _ sources: [(source: CorpusConfig.Source, documents: [TextDocument])], _ config: CorpusConfig
  ) {
    yields = Array(repeating: (0, 0), count: sources.count)
    var unique = Deduplication()
    func isTraining(_ index: Int) -> Bool {
      sources[index].source.targetSet == CorpusConfig.Source.trainingSet
    }
    func take(_ index: Int, where belongs: (TextDocument) -> Bool) -> [TextDocument] {
      let taken = unique.unique(sources[index].documents.filter(belongs))
      yields[index].bytes += taken.reduce(0) { $0 + $1.byteCount }
      yields[index].documents += taken.count
      return taken
    }
    for index in sources.indices where !isTraining(index) {
      let name = sources[index].source.targetSet
      let place = others.firstIndex { $0.name == name } ?? others.count
      if place == others.count { others.append(OutOfDistribution(name: name)) }
      others[place].documents += take(index) { _ in true }
    }
    let validationEnd = config.validationShare ?? 0.015
    let tasksEnd = validationEnd + (config.taskShare ?? 0.03)
    let trainingSources = sources.indices.filter(isTraining)
    for index in trainingSources { validation += take(index) { $0.position < validationEnd } }
    for index in trainingSources {
      tasks += take(index) { validationEnd..<tasksEnd ~= $0.position }
    }
    for index in trainingSources { training += take(index) { $0.position >= tasksEnd } }
    validation.orderByHash()
    tasks.orderByHash()
    training.orderByHash()
    for i in others.indices { others[i].documents.orderByHash() }
    if let limit = config.maximumTrainingBytes {
      var bytes = 0
      training = Array(
        training.prefix {
          bytes += $0.byteCount
          return bytes <= limit
        })
    }
  }

  /// Takes training paragraphs away that share an n-gram with what another corpus holds out.
  package mutating func removeTraining(
    sharedWith heldOut: [[TextDocument]], of corpus: String
  ) {
    let cleaned = NGramFilter(heldOut: heldOut).withoutHeldOut(training)
    trainingDropped[corpus] = training.paragraphCount - cleaned.paragraphCount
    training = cleaned
  }

  /// Takes held-out paragraphs away that share an n-gram with training text, and measures what is
  /// left.
  ///
  /// - Parameter text: training text of another corpus, whose models will be measured too
  package mutating func removeNearDuplicates(of text: [TextDocument] = []) {
    var filter = NGramFilter(heldOut: heldOut.map(\.documents))
    filter.see(training: training)
    filter.see(training: text)
    func clean(_ documents: [TextDocument], _ name: String) -> [TextDocument] {
      let cleaned = filter.clean(documents)
      nearDuplicatesDropped[name] = documents.paragraphCount - cleaned.paragraphCount
      return cleaned
    }
    validation = clean(validation, "val")
    tasks = clean(tasks, "tasks")
    for i in others.indices { others[i].documents = clean(others[i].documents, others[i].name) }
    let sets = heldOut
    let shares = VerbatimCheck(heldOut: sets.map(\.documents)).shares(in: training)
    for (set, share) in zip(sets, shares) { nearDuplicatesLeft[set.name] = share }
  }

  private var heldOut: [OutOfDistribution] {
    [.init(name: "val", documents: validation), .init(name: "tasks", documents: tasks)] + others
  }
}

extension TextDocument {
  /// A number in [0, 1) by the document's text alone, whatever the other documents and sources.
  fileprivate var position: Double { Double(hash >> 11) * 0x1p-53 }
}

extension [TextDocument] {
  /// Sorts by a hash that has nothing to do with the position.
  fileprivate mutating func orderByHash() {
    self = map { (mixed($0.hash), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  fileprivate var paragraphCount: Int { reduce(0) { $0 + $1.paragraphs.count } }
}
