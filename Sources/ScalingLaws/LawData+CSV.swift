import Crypto
import Experiment
import Foundation
import SwiftCSV

extension LawData {
  /// Reads a CSV with the columns `N,D,loss` and, if present, `error`, `run`, `role`, `errorRole`,
  /// `chance`, `unique` (distinct tokens among D), `weight`, `config`, `tokenizer`, `convention` (which
  /// parameters N counts), `loss/SET`, `error/TASK`, `chance/TASK` and `N/CONVENTION`; other columns
  /// are ignored. Without `role` every row is for fitting. `loss` may be empty in rows that are not
  /// for fitting: they are predicted only.
  ///
  /// A row of values that no run has (a loss that is NaN or negative, D in the column of N) is left
  /// out with the reason, unless most rows are like that.
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
    self.init(points: [], source: name)
    sourceDigest = SHA256.hash(data: Data(text.utf8)).hexadecimal
    var faults: [UserError] = []
    var chances: [Double] = []
    var taskChances: [String: Double] = [:]
    var units: [String: (value: String, line: Int)] = [:]
    var line = 1
    for row in csv.rows {
      line += 1
      defer { line += row.reduce(0) { $0 + $1.filter(\.isNewline).count } }
      if row.allSatisfy({ $0.trimmingCharacters(in: .whitespaces).isEmpty }) { continue }
      try reader.requireOneUnit(row, line, &units)
      let point = try reader.point(row, line: line)
      if let fault = point.fault {
        faults.append(fault)
        excluded.append(Exclusion(run: point.run, reason: "\(name):\(line): \(fault.what)"))
      } else {
        points.append(point)
      }
      if let chance = try reader.number("chance", row, line) { chances.append(chance) }
      for (task, chance) in try reader.tasks("chance/", row, line) { taskChances[task] = chance }
    }
    if let first = faults.first, faults.count > points.count { throw first }
    guard !points.isEmpty else {
      throw UserError(
        .badData, "no rows", at: name, fix: "add one line per run below the line of names")
    }
    quarantineCopies()
    try requireUnique(points)
    if !faults.isEmpty {
      warnings.append(
        "\(faults.count) of \(points.count + excluded.count) rows hold values that no run has, and"
          + " were left out")
    }
    if 2 * points.count(where: { $0.tokens < $0.parameters }) > points.count {
      warnings.append(
        "most runs have fewer tokens than parameters: are the columns N and D swapped?")
    }
    // The set whose losses are those of the column loss.
    set = sets.first { set in
      points.allSatisfy { $0.loss == nil || $0.setLosses?[set] == $0.loss }
    }
    if let convention = units["convention"] { parameterConvention = convention.value }
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
        let place = point.location.map { "\($0): " } ?? ""
        excluded.append(
          Exclusion(run: point.run, reason: "\(place)a copy of \(first): the same N, D and loss"))
      } else {
        seen[key] = point.run
        kept.append(point)
      }
    }
    points = kept
  }

  /// This data as CSV text with every column that has a value; losses on other sets in `loss/SET`,
  /// errors by task in `error/TASK`, with `chance/TASK`, other counts of N in `N/CONVENTION`.
  public var csvText: String {
    var columns: [(name: String, cell: (LawPoint) -> String)] = [
      ("run", { quoted($0.run) }), ("N", { plain($0.parameters) }), ("D", { plain($0.tokens) }),
      ("loss", { cell($0.loss) }), ("error", { cell($0.error) }), ("role", { $0.role.rawValue }),
      ("errorRole", { $0.errorRole.rawValue }), ("chance", { _ in cell(chance) }),
    ]
    if points.contains(where: { $0.uniqueTokens != nil }) {
      columns.append(("unique", { cell($0.uniqueTokens) }))
    }
    if points.contains(where: { $0.weight != nil }) {
      columns.append(("weight", { cell($0.weight) }))
    }
    if points.contains(where: { $0.config != nil }) {
      columns.append(("config", { quoted($0.config ?? "") }))
    }
    if parameterConvention != Self.unstated {
      columns.append(("convention", { _ in quoted(parameterConvention) }))
    }
    func names(_ values: (LawPoint) -> [String: Double]?) -> [String] {
      Set(points.flatMap { (values($0) ?? [:]).keys }).sorted()
    }
    for key in names(\.otherCounts) { columns.append(("N/\(key)", { cell($0.otherCounts?[key]) })) }
    for set in names(\.setLosses) { columns.append(("loss/\(set)", { cell($0.setLosses?[set]) })) }
    for task in (taskChances ?? [:]).keys.sorted() {
      columns.append(("error/\(task)", { cell($0.taskErrors?[task]) }))
    }
    for (task, chance) in (taskChances ?? [:]).sorted(by: { $0.key < $1.key }) {
      columns.append(("chance/\(task)", { _ in cell(chance) }))
    }
    let header = columns.map { quoted($0.name) }.joined(separator: ",")
    let rows = points.map { point in columns.map { $0.cell(point) }.joined(separator: ",") }
    return ([header] + rows).joined(separator: "\n") + "\n"
  }
}

/// A cell of CSV text, in quotes where it needs them.
func quoted(_ text: String) -> String {
  text.contains(where: { ",\"\n".contains($0) })
    ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
}

private func cell(_ value: Double?) -> String { value.map { plain($0) } ?? "" }

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

/// Cells of a run.
extension RowReader {
  /// Refuses rows whose losses or sizes do not compare with those above.
  func requireOneUnit(
    _ row: [String], _ line: Int, _ units: inout [String: (value: String, line: Int)]
  ) throws(UserError) {
    for column in ["tokenizer", "convention"] {
      guard let value = text(column, row) else { continue }
      guard let first = units[column] else {
        units[column] = (value, line)
        continue
      }
      guard first.value == value else {
        throw UserError(
          .badData,
          "mixed \(column)s: \(value), but \(first.value) on line \(first.line), so their "
            + (column == "tokenizer" ? "losses are in different units" : "N do not compare"),
          at: "\(name):\(line)", fix: "keep one \(column) per file")
      }
    }
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
    point.setLosses = try numbers("loss/", row, line)?.filter { $0.value.isFinite && $0.value > 0 }
    point.otherCounts = try numbers("N/", row, line)
    point.uniqueTokens = try number("unique", row, line)
    point.weight = try number("weight", row, line)
    point.config = text("config", row)
    return point
  }
}

extension LawPoint {
  /// What is wrong with values that no run has: most often a wrong column or unit.
  var fault: UserError? {
    func bad(_ what: String, _ fix: String) -> UserError {
      UserError(.badData, "\(run): \(what)", at: location, fix: fix)
    }
    if !(parameters >= 100) {
      return bad("N is \(parameters)", "N counts parameters: write 4.1e8, not 0.41")
    }
    if !(tokens >= 100) {
      return bad("D is \(tokens)", "D counts training tokens: write 8.2e9, not 8.2")
    }
    if !(1e-3...1e6).contains(tokenMultiplier) {
      return bad(
        "M = D/N is \(tokenMultiplier)", "D counts tokens, not FLOPs; are two columns swapped?")
    }
    if let loss {
      if !(loss > 0 && loss < 100) {
        return bad(
          "the loss is \(loss)",
          "loss is in nats per token: positive, below ln V; leave out runs that diverged")
      }
    } else if role == .fit || errorRole == .fit {
      return bad("a run to fit on has no loss", "fill it in, or give the row the role holdout")
    }
    if let error, !(0...1).contains(error) {
      return bad("the error is \(error)", "error is a share from 0 to 1, not a percentage")
    }
    if let weight, !(weight > 0) {
      return bad("the weight is \(weight)", "a weight is positive: leave a run out to ignore it")
    }
    if let uniqueTokens, !(uniqueTokens >= 1 && uniqueTokens <= tokens * 1.000001) {
      return bad(
        "\(uniqueTokens) of \(tokens) tokens are distinct", "unique counts distinct tokens among D")
    }
    return nil
  }

  /// - Throws: the fault, where there is one.
  func check() throws(UserError) {
    if let fault { throw fault }
  }
}
