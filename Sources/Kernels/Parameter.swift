/// Where a weight lies in a `ParameterBuffer`, and how it starts.
public struct Parameter: Sendable, Hashable {
  /// The distribution of the initial values.
  public enum Start: Sendable, Hashable {
    case zeros
    case ones
    case normal(deviation: Float)
    /// Normal, drawn again beyond three deviations.
    case truncatedNormal(deviation: Float)
  }

  /// As in a Hugging Face checkpoint, e.g. `model.layers.0.self_attn.q_proj.weight`.
  public let name: String
  /// Rows; 1 for a gain or a bias.
  public let rows: Int
  /// Columns; the length of a gain or a bias.
  public let columns: Int
  /// The index of its first element.
  public let offset: Int
  /// Whether it is a weight of two dimensions; gains and biases have one.
  public let isMatrix: Bool
  /// How it starts.
  public let start: Start

  /// How many elements.
  public var count: Int { rows * columns }
  /// The indices of its elements.
  public var range: Range<Int> { offset..<offset + count }
  /// Its shape in a file.
  public var shape: [Int] { isMatrix ? [rows, columns] : [columns] }

  /// Parameters that lie one behind the other, as one: several linear maps of the same input become
  /// one matmul.
  public static func stack(_ parts: [Parameter]) -> Parameter {
    var end = parts[0].offset
    for part in parts {
      precondition(part.offset == end && part.isMatrix == parts[0].isMatrix)
      precondition(!part.isMatrix || part.columns == parts[0].columns)
      end += part.count
    }
    let matrix = parts[0].isMatrix
    return Parameter(
      name: parts.map(\.name).joined(separator: "+"),
      rows: matrix ? parts.reduce(0) { $0 + $1.rows } : 1,
      columns: matrix ? parts[0].columns : parts.reduce(0) { $0 + $1.columns },
      offset: parts[0].offset, isMatrix: matrix, start: parts[0].start)
  }
}

/// Names, shapes and places of a model's parameters, in the order in which layers declare them.
public struct ParameterLayout: Sendable {
  /// All of them, one behind the other.
  public private(set) var parameters: [Parameter] = []

  /// A layout of nothing.
  public init() {}

  /// How many elements all parameters have.
  public var count: Int { parameters.last.map(\.range.upperBound) ?? 0 }

  /// Declares a weight of two dimensions.
  public mutating func add(
    _ name: String, rows: Int, columns: Int, start: Parameter.Start
  ) -> Parameter {
    add(
      Parameter(
        name: name, rows: rows, columns: columns, offset: count, isMatrix: true, start: start))
  }

  /// Declares a gain or a bias.
  public mutating func add(_ name: String, count: Int, start: Parameter.Start) -> Parameter {
    add(
      Parameter(
        name: name, rows: 1, columns: count, offset: self.count, isMatrix: false, start: start))
  }

  private mutating func add(_ parameter: Parameter) -> Parameter {
    precondition(!parameters.contains { $0.name == parameter.name })
    parameters.append(parameter)
    return parameter
  }
}
