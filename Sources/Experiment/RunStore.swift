import Foundation

/// The folder of a grid: one folder per run, a run's record in `record.json`, and `cells.json`,
/// which says what each run is for.
public struct RunStore: Sendable {
  /// A run's place in the grid.
  public struct Cell: Codable, Sendable, Equatable {
    /// The run's id, the name of its folder.
    public let id: String
    /// Size and horizon in a few letters, e.g. `a20`.
    public let label: String
    /// What the run is for.
    public let role: Role

    /// All fields, in order.
    public init(id: String, label: String, role: Role) {
      self.id = id
      self.label = label
      self.role = role
    }
  }

  /// `data/runs/<grid>`.
  public let folder: URL

  /// The store in `folder`, which need not exist yet.
  public init(_ folder: URL) { self.folder = folder }

  /// The folder of the run `id`.
  public func runFolder(_ id: String) -> URL { folder.appendingPathComponent(id) }

  /// The record of a run that ended, nil while there is none.
  ///
  /// - Throws: `UserError` of kind `badData` for a record that cannot be read.
  public func record(for id: String) throws(UserError) -> RunRecord? {
    let url = recordURL(id)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    return try StableJSON.decode(RunRecord.self, from: url)
  }

  /// Writes the record of a run that ended, atomically and durably.
  public func save(_ record: RunRecord) throws(UserError) {
    try DurableFile.write(json: record, to: recordURL(record.id))
  }

  /// Renames a record that cannot be read, so that the run is measured again.
  public func setAsideRecord(of id: String) throws(UserError) {
    let url = recordURL(id)
    let aside = runFolder(id).appendingPathComponent(
      "invalid-record-\(UUID().uuidString.prefix(8)).json")
    do { try DurableFile.move(url, to: aside) } catch {
      throw DurableFile.ioError(error, writing: url)
    }
  }

  /// Every record in the folder, in order of id.
  ///
  /// - Throws: `UserError` of kind `missingInput` when the folder is not there.
  public func all() throws(UserError) -> [RunRecord] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch {
      throw UserError(
        .missingInput, "no such folder of runs", at: folder.path,
        fix: "train it first: overtrain sweep CONFIG")
    }
    var records: [RunRecord] = []
    for name in names.sorted() {
      if let record = try record(for: name) { records.append(record) }
    }
    return records
  }

  /// The grid's cells, empty when no sweep wrote them.
  public func cells() throws(UserError) -> [Cell] {
    let url = folder.appendingPathComponent("cells.json")
    guard FileManager.default.fileExists(atPath: url.path) else { return [] }
    return try StableJSON.decode([Cell].self, from: url)
  }

  /// Writes the grid's cells.
  public func save(cells: [Cell]) throws(UserError) {
    try DurableFile.write(json: cells, to: folder.appendingPathComponent("cells.json"))
  }

  private func recordURL(_ id: String) -> URL {
    runFolder(id).appendingPathComponent("record.json")
  }
}
