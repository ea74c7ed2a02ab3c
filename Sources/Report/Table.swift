/// A table of text with aligned columns: numbers to the right, words to the left.
public struct Table {
  private let columns: [String]
  private var rows: [[String]] = []

  /// A table with these headings.
  public init(columns: [String]) { self.columns = columns }

  /// Adds a row; missing cells are blank.
  public mutating func add(_ row: [String]) {
    precondition(row.count <= columns.count)
    rows.append(row + Array(repeating: "", count: columns.count - row.count))
  }

  /// The lines, headings first, without a final newline.
  public var rendered: String {
    let widths = columns.indices.map { column in
      ([columns] + rows).map { $0[column].count }.max() ?? 0
    }
    let isNumeric = columns.indices.map { column in
      let filled = rows.map { $0[column] }.filter { !$0.isEmpty && $0 != "–" }
      return !filled.isEmpty
        && filled.allSatisfy { $0.first.map { "+-−[0123456789.".contains($0) } ?? false }
    }
    func line(_ cells: [String]) -> String {
      var text = ""
      for (column, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        text += (column == 0 ? "" : "  ") + (isNumeric[column] ? padding + cell : cell + padding)
      }
      while text.last == " " { text.removeLast() }
      return text
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return ([line(columns), rule] + rows.map(line)).joined(separator: "\n")
  }
}
