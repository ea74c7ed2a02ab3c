import Experiment
import Foundation
import SwiftCSV

extension LawData {
  /// Reads a CSV with the columns `N,D,loss` and, if present, `error`, `run`, `role`, `errorRole`,
  /// `chance`, `error/TASK` and `chance/TASK`; other columns are ignored. Without `role` every row is for fitting. `loss` may be
  /// empty in rows that are not for fitting: they are predicted only.
  ///
  /// - Throws: `UserError` that names file and line.
  public init(csv url: URL) throws(UserError) {
    let text: String
    do { text = try String(contentsOf: url, encoding: .utf8) } catch {
      throw UserError(
        FileManager.default.fileExists(atPath: url.path) ? .badData : .missingInput,
        "cannot read as text: \(error.localizedDescription)", at: url.relativePath)
    }
    try self.init(csvText: text, name: url.relativePath)
  }

  /// Reads CSV text; `name` stands for the file in messages.
  package init(csvText text: String, name: String) throws(UserError) {
    let csv: CSV<Enumerated>
    do { csv = try CSV<Enumerated>(string: text, delimiter: .comma, loadColumns: false) } catch {
      throw UserError(.badData, "not a CSV file: \(error)", at: name)
    }
    let header = csv.header.map { $0.trimmingCharacters(in: .whitespaces) }
    for needed in ["N", "D", "loss"] where !header.contains(needed) {
      throw UserError(
        .badData,
        "no column \(needed)\(header.isEmpty ? "" : " among \(header.joined(separator: ","))")",
        at: "\(name):1",
        fix: "the first line names the columns: N,D,loss and if present error,run,role")
    }
    let reader = RowReader(header: header, name: name)
    var points: [LawPoint] = []
    var chances: [Double] = []
    var taskChances: [String: Double] = [:]
    var line = 1
    for row in csv.rows {
      line += 1
      defer { line += row.reduce(0) { $0 + $1.filter(\.isNewline).count } }
      if row.allSatisfy({ $0.trimmingCharacters(in: .whitespaces).isEmpty }) { continue }
      points.append(try reader.point(row, line: line))
      if let chance = try reader.number("chance", row, line) { chances.append(chance) }
      for (task, chance) in try reader.tasks("chance/", row, line) { taskChances[task] = chance }
    }
    guard !points.isEmpty else {
      throw UserError(
        .badData, "no rows", at: name, fix: "add one line per run below the line of names")
    }
    try requireUnique(points)
    self.init(points: points, source: name)
    quarantineCopies()
    if !taskChances.isEmpty { self.taskChances = taskChances }
    chance = chances.isEmpty ? nil : chances.reduce(0, +) / Double(chances.count)
  }

  /// Leaves out runs that repeat another's N, D and loss to the last digit under a new name: two
  /// seeds never agree so well, and a copy would count its noise twice.
  mutating func quarantineCopies() {
    var seen: [SIMD3<Double>: String] = [:]
    var kept: [LawPoint] = []
    for point in points {
      guard let loss = point.loss else {
        kept.append(point)
        continue
      }
      let key = SIMD3(point.parameters, point.tokens, loss)
      if let first = seen[key] {
        excluded.append(
          Exclusion(run: point.run, reason: "a copy of \(first): the same N, D and loss"))
      } else {
        seen[key] = point.run
        kept.append(point)
      }
    }
    points = kept
  }

  /// This data as CSV text with every column; the errors by task in `error/TASK`, with
  /// `chance/TASK`.
  public var csvText: String {
    let tasks = (taskChances ?? [:]).keys.sorted()
    func cell(_ value: Double?) -> String { value.map { plain($0) } ?? "" }
    let names = tasks.map { ",error/\($0)" } + tasks.map { ",chance/\($0)" }
    var lines = ["run,N,D,loss,error,role,errorRole,chance" + names.joined()]
    for p in points {
      let run =
        p.run.contains(where: { ",\"\n".contains($0) })
        ? "\"\(p.run.replacingOccurrences(of: "\"", with: "\"\""))\"" : p.run
      lines.append(
        [
          run, plain(p.parameters), plain(p.tokens), cell(p.loss), cell(p.error),
          p.role.rawValue, p.errorRole.rawValue, cell(chance),
        ].joined(separator: ",")
          + tasks.map { "," + cell(p.taskErrors?[$0]) }.joined()
          + tasks.map { "," + cell(taskChances?[$0]) }.joined())
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

private func plain(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
}

private func requireUnique(_ points: [LawPoint]) throws(UserError) {
  var seen: [String: String] = [:]
  for point in points {
    if let first = seen[point.run] {
      throw UserError(
        .badData, "run \(point.run) is there twice, first at \(first)", at: point.location,
        fix: "keep one of the rows, or name replicates apart")
    }
    seen[point.run] = point.location ?? point.run
  }
}

/// Cells to values, with errors that name the line.
private struct RowReader {
  let header: [String]
  let name: String

  func text(_ column: String, _ row: [String]) -> String? {
    guard let index = header.firstIndex(of: column), index < row.count else { return nil }
    let text = row[index].trimmingCharacters(in: .whitespaces)
    return text.isEmpty ? nil : text
  }

  func number(_ column: String, _ row: [String], _ line: Int) throws(UserError) -> Double? {
    guard let text = text(column, row) else { return nil }
    guard let value = Double(text), value.isFinite else {
      throw UserError(
        .badData, "\(column) is \"\(text)\", not a finite number", at: "\(name):\(line)",
        fix: "write numbers like 411616256, 4.1e8 or 2.65")
    }
    return value
  }

  /// The cells of columns `prefix`TASK by task: shares.
  func tasks(_ prefix: String, _ row: [String], _ line: Int) throws(UserError) -> [String: Double] {
    var found: [String: Double] = [:]
    for column in header where column.hasPrefix(prefix) {
      guard let value = try number(column, row, line) else { continue }
      guard (0...1).contains(value) else {
        throw UserError(
          .badData, "\(column) is \(value)", at: "\(name):\(line)",
          fix: "an error is a share from 0 to 1, not a percentage")
      }
      found[String(column.dropFirst(prefix.count))] = value
    }
    return found
  }

  func role(_ column: String, _ row: [String], _ line: Int) throws(UserError) -> Role? {
    guard let text = text(column, row) else { return nil }
    guard let role = Role(rawValue: text) else {
      throw UserError(
        .badData, "\(column) is \"\(text)\"", at: "\(name):\(line)",
        fix: "use one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return role
  }

  func point(_ row: [String], line: Int) throws(UserError) -> LawPoint {
    let role = try role("role", row, line)
    if role == nil, header.contains("role") {
      throw UserError(
        .badData, "no role", at: "\(name):\(line)",
        fix: "write fit, validate, holdout or replicate, or drop the column to fit on every row")
    }
    guard let n = try number("N", row, line), let d = try number("D", row, line) else {
      throw UserError(.badData, "N or D is empty", at: "\(name):\(line)", fix: "fill in both")
    }
    var point = LawPoint(
      run: text("run", row) ?? "line \(line)", parameters: n, tokens: d,
      loss: try number("loss", row, line), error: try number("error", row, line),
      role: role ?? .fit, errorRole: try self.role("errorRole", row, line),
      location: "\(name):\(line)")
    let errors = try tasks("error/", row, line)
    if !errors.isEmpty { point.taskErrors = errors }
    try point.check()
    return point
  }
}

extension LawPoint {
  /// - Throws: `UserError` of kind `badData` for values that no run has: most often a wrong column
  ///   or unit.
  func check() throws(UserError) {
    func bad(_ what: String, _ fix: String) -> UserError {
      UserError(.badData, "\(run): \(what)", at: location, fix: fix)
    }
    guard parameters >= 100 else {
      throw bad("N is \(parameters)", "N counts parameters: write 4.1e8, not 0.41")
    }
    guard tokens >= 100 else {
      throw bad("D is \(tokens)", "D counts training tokens: write 8.2e9, not 8.2")
    }
    guard tokenMultiplier >= 1e-3, tokenMultiplier <= 1e9 else {
      throw bad(
        "M = D/N is \(tokenMultiplier)", "D counts tokens, not FLOPs; are two columns swapped?")
    }
    if let loss {
      guard loss > 0, loss < 100 else {
        throw bad("the loss is \(loss)", "loss is in nats per token: positive, below ln V")
      }
    } else if role == .fit || errorRole == .fit {
      throw bad("a run to fit on has no loss", "fill it in, or give the row the role holdout")
    }
    if let error, !(0...1).contains(error) {
      throw bad("the error is \(error)", "error is a share from 0 to 1, not a percentage")
    }
  }
}
