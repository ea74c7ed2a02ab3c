import Experiment
import Foundation

/// Cells to values, with errors that name the line.
struct RowReader {
  let header: [String]
  let name: String

  func text(_ column: String, _ row: [String]) -> String? {
    guard let index = header.firstIndex(of: column), index < row.count else { return nil }
    let text = row[index].trimmingCharacters(in: .whitespaces)
    return text.isEmpty ? nil : text
  }

  func number(_ column: String, _ row: [String], _ line: Int) throws(UserError) -> Double? {
    guard let text = text(column, row) else { return nil }
    guard let value = Double(text), value.isFinite || column.hasPrefix("loss") else {
      throw UserError(
        .badData, "\(column) is \"\(text)\", not a finite number", at: "\(name):\(line)",
        fix: "write numbers like 411616256, 4.1e8 or 2.65")
    }
    return value
  }

  /// The cells of columns `prefix`NAME by name.
  func numbers(_ prefix: String, _ row: [String], _ line: Int) throws(UserError) -> [String:
    Double]?
  {
    var found: [String: Double] = [:]
    for column in header where column.hasPrefix(prefix) {
      if let value = try number(column, row, line) {
        found[String(column.dropFirst(prefix.count))] = value
      }
    }
    return found.isEmpty ? nil : found
  }
}
