import Experiment
import Foundation
import ScalingLaws
import Testing

/// Points from a folder of run records.
struct RunFolderTests {
  /// A record of a small model trained on `m` tokens per parameter.
  static func record(
    _ size: String, width: Int, m: Double, corpus: String = "prose", vocabulary: Int = 256,
    status: RunRecord.Outcome.Status = .finished, unique: Int? = nil
  ) throws -> RunRecord {
    var options = ModelOptions()
    (options.width, options.layers, options.heads, options.contextLength) = (width, 2, 2, 64)
    options.tiedEmbeddings = false
    let model = try ModelConfig(options, vocabularySize: vocabulary)
    let n = ParameterCount(model).total
    let training = try TrainingConfig(
      TrainingOptions(), model: model, parameters: n, horizon: Int(Double(n) * m))
    let config = RunConfig(
      corpus: corpus, corpusFingerprint: "f-\(corpus)", size: size, model: model,
      training: training, evaluation: EvaluationConfig(), tokenMultiplier: m, replicate: 0, seed: 1)
    let law = OverTrainingLaw(E: 1.1, A: 17, B: 27, alpha: 0.32)
    let loss = law.loss(parameters: Double(n), tokens: Double(training.tokens))
    let sets = [("german", false, loss + 1), ("val", true, loss)].map {
      ValidationLoss(
        set: $0.0, inDistribution: $0.1, loss: $0.2, low: $0.2, high: $0.2, bitsPerByte: 1,
        tokens: 9, bytes: 9, sequences: 1)
    }
    return RunRecord(
      id: try config.id, config: config, uniqueTokens: unique ?? training.tokens,
      outcome: .init(status, step: status == .finished ? nil : 7), finalTrainLoss: loss,
      validation: status == .finished ? sets : [], tasks: [],
      environment: .init(processor: "", blas: "", overtrain: ""))
  }

  static func store(_ records: [RunRecord], roles: [Role]? = nil) throws -> RunStore {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "overtrain-\(UUID().uuidString)")
    let store = RunStore(folder)
    for record in records { try store.save(record) }
    if let roles {
      try store.save(
        cells: zip(records, roles).map { .init(id: $0.id, label: $0.label, role: $1) })
    }
    return store
  }

  static func grid() throws -> [RunRecord] {
    try [
      record("a", width: 16, m: 20), record("b", width: 24, m: 20), record("c", width: 32, m: 20),
      record("d", width: 48, m: 20), record("a", width: 16, m: 320), record("e", width: 64, m: 20),
    ]
  }

  @Test func rolesAndFit() throws {
    let store = try Self.store(
      Self.grid(), roles: [.fit, .fit, .fit, .fit, .fit, .holdout])
    defer { try? FileManager.default.removeItem(at: store.folder) }
    let data = try LawData(runs: store)
    #expect(data.set == "val")
    #expect(data.points.filter { $0.role == .fit }.count == 5)
    let fit = try Fit(data, options: FitOptions(.log))
    #expect(fit.predictions.map(\.run) == ["e20"])
    #expect(abs(fit.coefficient("alpha") - 0.32) < 1e-6)
    #expect((fit.predictions[0].loss.relativeError ?? 1) < 1e-8)
  }

  @Test func otherSetAndOtherN() throws {
    let store = try Self.store(Self.grid())
    defer { try? FileManager.default.removeItem(at: store.folder) }
    let own = try LawData(runs: store)
    let german = try LawData(runs: store, set: "german")
    #expect(abs((german.points[0].loss ?? 0) - (own.points[0].loss ?? 0) - 1) < 1e-12)
    let body = try LawData(runs: store, convention: .body)
    let matmul = try LawData(runs: store, convention: .matmul)
    #expect(body.points[0].parameters < matmul.points[0].parameters)
    #expect(matmul.points[0].parameters < own.points[0].parameters)
    let error = #expect(throws: UserError.self) { try LawData(runs: store, set: "french") }
    #expect(error?.fix?.contains("german, val") == true)
  }

  /// Runs that did not finish are listed, not fitted; so are cells without a record.
  @Test func leavesOutUnfinished() throws {
    var records = try Self.grid()
    records[5] = try Self.record("e", width: 64, m: 20, status: .diverged)
    let store = try Self.store(records, roles: Array(repeating: .fit, count: 6))
    defer { try? FileManager.default.removeItem(at: store.folder) }
    var cells = try store.cells()
    cells.append(.init(id: "missing", label: "f20", role: .holdout))
    try store.save(cells: cells)
    let data = try LawData(runs: store)
    #expect(data.points.count == 5)
    #expect(data.excluded.map(\.run) == ["e20", "f20"])
    #expect(data.excluded[0].reason == "diverged at step 7")
  }

  @Test func refusesMixedUnits() throws {
    for other in [
      try Self.record("z", width: 16, m: 40, vocabulary: 512),
      try Self.record("z", width: 16, m: 40, corpus: "code"),
    ] {
      let store = try Self.store(Self.grid() + [other])
      defer { try? FileManager.default.removeItem(at: store.folder) }
      let error = #expect(throws: UserError.self) { try LawData(runs: store) }
      #expect(error?.kind == .badData)
      #expect(error?.what.contains("different") == true)
      if other.config.corpus == "code" {
        #expect(try LawData(runs: store, corpus: "prose").points.count == 6)
        #expect(throws: UserError.self) { try LawData(runs: store, corpus: "latin") }
      }
    }
  }

  @Test func saysWhenDataRepeats() throws {
    let store = try Self.store([Self.record("a", width: 16, m: 20, unique: 1000)])
    defer { try? FileManager.default.removeItem(at: store.folder) }
    #expect(try LawData(runs: store).warnings.first?.contains("repeated data") == true)
  }

  @Test func emptyAndMissingFolders() throws {
    let store = try Self.store([], roles: [])
    defer { try? FileManager.default.removeItem(at: store.folder) }
    #expect(throws: UserError.self) { try LawData(runs: store) }
    #expect(throws: UserError.self) {
      try LawData(runs: RunStore(URL(fileURLWithPath: "/nowhere/at/all")))
    }
  }
}
