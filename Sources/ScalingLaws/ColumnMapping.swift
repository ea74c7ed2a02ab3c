import Experiment
import Foundation
import SwiftCSV

/// Which column of a foreign table is which of ours, and in what unit.
public struct ColumnMapping: Sendable {
  static let names = [
    "run", "N", "D", "M", "C", "loss", "error", "role", "errorRole", "chance", "unique", "weight",
    "config", "tokenizer", "convention",
  ]
  static let prefixes = ["N/", "loss/", "error/", "chance/"]
  private(set) var columns: [(name: String, column: String, factor: Double?)] = []

  /// Reads `NAME=COLUMN` or `NAME=COLUMN*FACTOR`.
  public init(_ texts: [String]) throws(UserError) {
    for text in texts {
      let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map(String.init)
      let isOurs =
        Self.names.contains(sides[0]) || Self.prefixes.contains { sides[0].hasPrefix($0) }
      guard sides.count == 2, isOurs else {
        throw UserError(
          .usage, "--map \(text) names no column of ours",
          fix: "write NAME=COLUMN, NAME one of \(Self.names.joined(separator: ", ")), loss/SET,"
            + " error/TASK, chance/TASK or N/CONVENTION")
      }
      guard !columns.contains(where: { $0.name == sides[0] }) else {
        throw UserError(.usage, "\(sides[0]) is mapped twice", fix: "keep one of them")
      }
      let parts = sides[1].split(separator: "*", maxSplits: 1).map(String.init)
      let factor = parts.count == 2 ? Double(parts[1]) : nil
      guard parts.count == 1 || (factor ?? 0) > 0 else {
        throw UserError(.usage, "the factor of \(text) is not a positive number")
      }
      columns.append((sides[0], parts[0], factor))
    }
  }
}

extension LawData {
  /// Reads a foreign CSV through `mapping`, with every check of our own format; D follows from M or
  /// C where only that is mapped.
  public init(csv url: URL, mapping: ColumnMapping) throws(UserError) {
    let csv: CSV<Named>
    do {
      csv = try CSV<Named>(string: String(contentsOf: url, encoding: .utf8), delimiter: .comma)
    } catch {
      throw UserError(
        FileManager.default.fileExists(atPath: url.path) ? .badData : .missingInput,
        "cannot read as CSV: \(error)", at: url.relativePath)
    }
    for entry in mapping.columns where !csv.header.contains(entry.column) {
      throw UserError(
        .badData, "no column \(entry.column)", at: "\(url.relativePath):1",
        fix: "the columns are \(csv.header.joined(separator: ", "))")
    }
    let mapped = Set(mapping.columns.map(\.name))
    guard mapped.isSuperset(of: ["N", "loss"]), !mapped.isDisjoint(with: ["D", "M", "C"]) else {
      throw UserError(
        .usage, "a run needs N, the loss, and one of D, M and C", fix: "map them with --map")
    }
    let kept = mapping.columns.map(\.name).filter { !["M", "C", "D"].contains($0) }
    var lines = [(kept + ["D"]).joined(separator: ",")]
    for (index, row) in csv.rows.enumerated() {
      var cells: [String: String] = [:]
      for entry in mapping.columns {
        let text = (row[entry.column] ?? "").trimmingCharacters(in: .whitespaces)
        guard let factor = entry.factor, !text.isEmpty else {
          cells[entry.name] = text
          continue
        }
        guard let value = Double(text) else {
          throw UserError(
            .badData, "\(entry.column) is \"\(text)\", not a number",
            at: "\(url.relativePath):\(index + 2)")
        }
        cells[entry.name] = String(value * factor)
      }
      func number(_ name: String) -> Double? { cells[name].flatMap { Double($0) } }
      if cells["D"] == nil, let n = number("N") {
        let tokens: Double? = number("M").map { $0 * n } ?? number("C").map { $0 / (6 * n) }
        cells["D"] = tokens.map { String($0) }
      }
      lines.append(
        (kept + ["D"]).map { quoted(cells[$0] ?? "") }.joined(separator: ","))
    }
    try self.init(csvText: lines.joined(separator: "\n"), name: url.relativePath)
  }
}
