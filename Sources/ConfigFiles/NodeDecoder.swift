import Experiment
import Yams

/// Decodes a `Decodable` from a YAML node and refuses keys that it never asked for.
final class NodeDecoder: Decoder {
  let node: Node
  let file: String
  let codingPath: [any CodingKey]
  /// The keys that the decoded type asked for: what it knows.
  private(set) var knownKeys: Set<String> = []

  var userInfo: [CodingUserInfoKey: Any] { [:] }
  var place: Place { Place(file: file, node: node) }

  init(_ node: Node, file: String, path: [any CodingKey] = []) {
    self.node = node
    self.file = file
    codingPath = path
  }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    do {
      let value = try type.init(from: self)
      try refuseUnknownKeys()
      return value
    } catch let error as DecodingError {
      throw translate(error, type)
    }
  }

  func know(_ key: String) { knownKeys.insert(key) }

  func child(_ node: Node, key: any CodingKey) -> NodeDecoder {
    NodeDecoder(node, file: file, path: codingPath + [key])
  }

  func error(_ what: String, fix: String?) -> UserError {
    let name = codingPath.map(\.stringValue).joined(separator: ".")
    return UserError(
      .badConfig, name.isEmpty ? what : "\(name): \(what)", at: place.description, fix: fix)
  }

  /// A node in words: `"abc"`, `a list`, `a mapping`.
  var found: String {
    switch node {
    case .scalar(let scalar): "\"\(scalar.string)\""
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .alias: "an alias"
    }
  }

  private func refuseUnknownKeys() throws {
    guard !knownKeys.isEmpty, let mapping = node.mapping else { return }
    for (key, _) in mapping {
      let name = key.string ?? "?"
      if knownKeys.contains(name) { continue }
      let meant = nearest(to: name, among: knownKeys)
      let known = knownKeys.sorted().joined(separator: ", ")
      let path = (codingPath.map(\.stringValue) + [name]).joined(separator: ".")
      throw UserError(
        .badConfig, "unknown key \"\(path)\"", at: Place(file: file, node: key).description,
        fix: meant.map { "did you mean \"\($0)\"? Known here: \(known)" } ?? "known here: \(known)")
    }
  }

  private func translate(_ decodingError: DecodingError, _ type: Any.Type) -> any Error {
    switch decodingError {
    case .keyNotFound(let key, _):
      // Decoding stops at the first missing key, which may be there under a misspelt name.
      let typo = node.mapping?.keys.first { node in
        guard let name = node.string, !knownKeys.contains(name) else { return false }
        return editDistance(name.lowercased(), key.stringValue.lowercased()) <= 2
      }
      if let typo {
        return UserError(
          .badConfig, "unknown key \"\(typo.string ?? "")\"",
          at: Place(file: file, node: typo).description,
          fix: "did you mean \"\(key.stringValue)\"?")
      }
      return error("the key \"\(key.stringValue)\" is missing", fix: "add \(key.stringValue): …")
    case .dataCorrupted(let context):
      if let cases = type as? any CaseIterable.Type {
        return error("\(found) is not known", fix: "use one of \(names(of: cases))")
      }
      return error(context.debugDescription, fix: nil)
    default:
      return error("\(found) does not fit here", fix: nil)
    }
  }

  private func names<Cases: CaseIterable>(of type: Cases.Type) -> String {
    type.allCases.map { "\($0)" }.joined(separator: ", ")
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let mapping = node.mapping else {
      throw error("expected a mapping, found \(found)", fix: "write key: value lines here")
    }
    return KeyedDecodingContainer(KeyedNodes<Key>(decoder: self, mapping: mapping))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let sequence = node.sequence else {
      throw error("expected a list, found \(found)", fix: "write [one, two] here")
    }
    return ListedNodes(decoder: self, nodes: Array(sequence))
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    ScalarNode(decoder: self)
  }
}
