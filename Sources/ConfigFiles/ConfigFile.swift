import Experiment
import Foundation
import Yams

/// YAML files as `Experiment`'s types: unknown keys are refused, every error says file:line:column.
public enum ConfigFile {
  /// Reads the YAML file at `url` as a `Value`.
  ///
  /// - Throws: `UserError` of kind `missingInput` when there is no such file, `badConfig` with the
  ///   place and the fix for anything in it that `Value` does not have.
  public static func load<Value: Decodable>(
    _ type: Value.Type, from url: URL
  ) throws(UserError) -> Value {
    try parse(type, text(of: url), file: url.relativePath)
  }

  /// Reads `yaml` as a `Value`; `file` is the name that errors show.
  public static func parse<Value: Decodable>(
    _ type: Value.Type, _ yaml: String, file: String
  ) throws(UserError) -> Value {
    let root = try compose(yaml, file: file)
    do {
      return try NodeDecoder(root, file: file).decode(type)
    } catch let error as UserError {
      throw error
    } catch {
      throw UserError(.badConfig, "\(error)", at: file)
    }
  }

  /// Writes `value` as YAML, atomically and durably: in YAML's JSON form, for Yams rounds numbers to
  /// 15 digits, and a config that is read back must be the same to the last bit.
  public static func save(_ value: some Encodable, to url: URL) throws(UserError) {
    let yaml: Data
    do { yaml = try StableJSON.encode(value) } catch {
      throw UserError(.failure, "cannot encode: \(error)", at: url.path)
    }
    try DurableFile.write(yaml, to: url)
  }

  /// `error` with a key path such as `model.sizes.e` as its location turned into file:line:column.
  public static func locate(_ error: UserError, in url: URL) -> UserError {
    guard error.kind == .badConfig, let path = error.location,
      let yaml = try? text(of: url), let root = try? compose(yaml, file: url.relativePath)
    else { return error }
    var node = root
    for key in path.split(separator: ".") {
      guard let next = node.mapping?[Node(String(key))] else { break }
      node = next
    }
    let place = Place(file: url.relativePath, node: node)
    return UserError(error.kind, error.what, at: "\(place) (\(path))", fix: error.fix)
  }

  private static func text(of url: URL) throws(UserError) -> String {
    do { return try String(contentsOf: url, encoding: .utf8) } catch {
      throw UserError(
        .missingInput, "cannot read the config file", at: url.relativePath,
        fix: "check the path; configs/ has examples")
    }
  }

  /// Aliases of aliases grow like e^(n/e): with this many a file cannot become larger than memory.
  private static let mostAliases = 24

  private static func checkAliases(_ yaml: String, file: String) throws(UserError) {
    var count = 0
    var before = UInt8(ascii: "\n")
    for byte in yaml.utf8 {
      if byte == UInt8(ascii: "*"), " \t\r\n[{,:?-&".utf8.contains(before) { count += 1 }
      before = byte
    }
    guard count <= mostAliases else {
      throw UserError(
        .badConfig, "\(count) aliases (*name), more than \(mostAliases)", at: file,
        fix: "write the values out")
    }
  }

  private static func compose(_ yaml: String, file: String) throws(UserError) -> Node {
    try checkAliases(yaml, file: file)
    do {
      guard let root = try Yams.compose(yaml: yaml) else {
        throw UserError(.badConfig, "the file is empty", at: file, fix: "see configs/ for examples")
      }
      return root
    } catch let error as UserError {
      throw error
    } catch let error as YamlError {
      throw syntaxError(error, file: file)
    } catch {
      throw UserError(.badConfig, "\(error)", at: file)
    }
  }

  private static func syntaxError(_ error: YamlError, file: String) -> UserError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return UserError(
        .badConfig, "not valid YAML: \(problem)", at: "\(file):\(mark.line):\(mark.column)",
        fix: "check indentation, quotes and brackets there")
    case .duplicatedKeysInMapping(let duplicates, let context):
      return UserError(
        .badConfig, "the key \(duplicates.joined(separator: ", ")) is given twice",
        at: "\(file):\(context.mark.line):\(context.mark.column)", fix: "keep one of them")
    default:
      return UserError(.badConfig, "not valid YAML: \(error)", at: file)
    }
  }
}

/// Where a node stands: `file:line:column`.
struct Place: CustomStringConvertible {
  let file: String
  let mark: Mark?

  init(file: String, node: Node) {
    self.file = file
    mark = node.mark
  }

  var description: String { mark.map { "\(file):\($0.line):\($0.column)" } ?? file }
}
