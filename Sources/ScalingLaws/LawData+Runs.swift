import Crypto
import Experiment
import Foundation

extension LawData {
  /// Which parameters N counts.
  public enum ParameterConvention: String, Codable, Sendable, CaseIterable {
    /// every weight
    case total
    /// weights that take part in a matmul for each token
    case matmul
    /// without embedding and head
    case body
  }

  /// The finished runs of `store`, with the roles of its `cells.json`; runs without a cell are left
  /// out, and without any cells every run is for fitting.
  ///
  /// - Parameters:
  ///   - corpus: only runs of this corpus, needed where a grid has several
  ///   - set: the validation set whose loss counts; the training distribution's when nil
  ///   - convention: which parameters N counts
  /// - Throws: `UserError` when there is nothing to fit, or when losses are in different units
  ///   because runs differ in corpus or vocabulary.
  public init(
    runs store: RunStore, corpus: String? = nil, set: String? = nil,
    convention: ParameterConvention = .total
  ) throws(UserError) {
    let path = store.folder.relativePath
    let all = try store.all()
    let records = all.filter { corpus == nil || $0.config.corpus == corpus }
    let cells = try store.cells()
    guard !records.isEmpty else {
      let names = Set(all.map(\.config.corpus)).sorted().joined(separator: ", ")
      throw UserError(
        .missingInput, corpus.map { "no run of corpus \($0)" } ?? "no run has ended", at: path,
        fix: all.isEmpty ? "train them: overtrain sweep CONFIG" : "choose --corpus from \(names)")
    }
    try requireOneUnit(records, at: path)
    self.init(points: [], source: path, parameterConvention: convention.rawValue)
    var roles: [String: Role] = [:]
    for cell in cells { roles[cell.id] = cell.role }
    for record in records {
      guard let role = cells.isEmpty ? .fit : roles[record.id] else {
        excluded.append(Exclusion(run: record.label, reason: "not a cell of the grid any more"))
        continue
      }
      if let reason = record.reasonToExclude {
        excluded.append(Exclusion(run: record.label, reason: reason))
        continue
      }
      var point = LawPoint(
        run: record.label, parameters: Double(record.parameters.count(convention)),
        tokens: Double(record.tokens), loss: try record.loss(on: set, at: path),
        error: record.averageError, role: role, location: store.runFolder(record.id).relativePath)
      for task in record.tasks {
        point.taskErrors = (point.taskErrors ?? [:]).merging([task.task: task.error]) { $1 }
      }
      point.setLosses = Dictionary(record.validation.map { ($0.set, $0.loss) }) { $1 }
      point.otherCounts = record.counts
      point.uniqueTokens = Double(record.uniqueTokens)
      point.config = record.id
      if let fault = point.fault {
        excluded.append(Exclusion(run: record.label, reason: fault.what))
        continue
      }
      points.append(point)
      if record.uniqueTokens < record.tokens {
        warnings.append(
          "\(record.label) saw \(record.tokens) tokens of which \(record.uniqueTokens) are"
            + " distinct: repeated data teaches less, so the law may be bent there")
      }
    }
    let done = Set(records.map(\.id))
    for cell in cells where corpus == nil && !done.contains(cell.id) {
      excluded.append(Exclusion(run: cell.label, reason: "no record yet"))
    }
    sourceDigest = Self.digest(of: points)
    recipe = records.recipe
    let measured = records.first { $0.outcome.status == .finished }
    self.set = set ?? measured?.validation.first { $0.inDistribution }?.set
    if let tasks = measured?.tasks, !tasks.isEmpty {
      taskChances = Dictionary(tasks.map { ($0.task, $0.chance) }) { $1 }
      chance = tasks.reduce(0) { $0 + $1.chance } / Double(tasks.count)
    }
  }
}

extension LawData {
  /// SHA-256 over the runs' config ids and results, in order.
  private static func digest(of points: [LawPoint]) -> String? {
    (try? StableJSON.encode(points)).map { SHA256.hash(data: $0).hexadecimal }
  }
}

extension RunRecord {
  /// N by every convention; `flops` makes 6·N·D the exact training FLOPs.
  fileprivate var counts: [String: Double] {
    [
      "total": Double(parameters.total), "matmul": Double(parameters.matmul),
      "body": Double(parameters.body), "flops": trainingFLOPs / (6 * Double(tokens)),
    ]
  }

  fileprivate var reasonToExclude: String? {
    let at = outcome.step.map { " at step \($0)" } ?? ""
    let why = outcome.reason.map { ": \($0)" } ?? ""
    return outcome.status == .finished ? nil : "\(outcome.status.rawValue)\(at)\(why)"
  }

  fileprivate func loss(on set: String?, at path: String) throws(UserError) -> Double {
    let measured =
      set == nil ? validation.first { $0.inDistribution } : validation.first { $0.set == set }
    guard let measured else {
      throw UserError(
        .badData, "run \(label) has no validation loss on \(set ?? "its own distribution")",
        at: path, fix: "choose --set from \(validation.map(\.set).joined(separator: ", "))")
    }
    return measured.loss
  }
}

extension ParameterCount {
  fileprivate func count(_ convention: LawData.ParameterConvention) -> Int {
    switch convention {
    case .total: total
    case .matmul: matmul
    case .body: body
    }
  }
}

extension [RunRecord] {
  /// What a reader needs to repeat the training, by name.
  fileprivate var recipe: [String: String]? {
    guard let config = first?.config else { return nil }
    let t = config.training
    func span(_ name: String, _ values: [Double]) -> String {
      guard let low = values.min(), let high = values.max() else { return "" }
      return low == high
        ? String(format: "\(name) %.4g", low) : String(format: "\(name) %.4g to %.4g", low, high)
    }
    return [
      "Data": "\(config.corpus), fingerprint \(config.corpusFingerprint)",
      "Shape": "\(config.model.family.rawValue),"
        + " \(config.model.tiedEmbeddings ? "tied" : "untied") head,"
        + " V \(config.model.vocabularySize), T \(config.model.contextLength);"
        + " \(span("layers", map { Double($0.config.model.layers) })),"
        + " \(span("width", map { Double($0.config.model.width) }))",
      "Optimiser": "AdamW β \(t.beta1)/\(t.beta2), weight decay \(t.weightDecay),"
        + " clip \(t.gradientClip), z-loss \(t.zLoss)",
      "Rate and schedule": "\(span("peak", map(\.config.training.peakLearningRate))),"
        + " \(t.schedule.rawValue),"
        + " \(span("warm-up steps", map { Double($0.config.training.warmupSteps) }))",
      "Batch": span("tokens per step", map { Double($0.config.training.batchTokens) }),
      "Steps": span("steps", map { Double($0.config.training.steps) }),
      "Machine": "\(first?.environment.processor ?? ""), \(first?.environment.blas ?? ""),"
        + " overtrain \(first?.environment.overtrain ?? "")",
    ]
  }
}

/// A loss is in nats per token of one tokenizer on one text: runs that differ there do not compare.
private func requireOneUnit(_ records: [RunRecord], at path: String) throws(UserError) {
  guard let first = records.first else { return }
  for record in records {
    guard record.config.model.vocabularySize == first.config.model.vocabularySize else {
      throw UserError(
        .badData,
        "runs of different vocabularies: \(first.label) has"
          + " \(first.config.model.vocabularySize) tokens, \(record.label)"
          + " \(record.config.model.vocabularySize), so their losses are in different units",
        at: path, fix: "choose one corpus with --corpus, or keep tokenizers in folders of their own"
      )
    }
    guard record.config.corpusFingerprint == first.config.corpusFingerprint else {
      throw UserError(
        .badData,
        "runs of different corpora: \(first.label) is of \(first.config.corpus)"
          + " \(first.config.corpusFingerprint), \(record.label) of \(record.config.corpus)"
          + " \(record.config.corpusFingerprint)",
        at: path, fix: "choose one corpus with --corpus")
    }
  }
}
