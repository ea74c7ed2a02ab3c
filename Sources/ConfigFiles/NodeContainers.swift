import Experiment
import Foundation
import Yams

/// A mapping's values by key.
struct KeyedNodes<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: NodeDecoder
  let mapping: Node.Mapping

  var codingPath: [any CodingKey] { decoder.codingPath }
  var allKeys: [Key] { mapping.keys.compactMap { $0.string.flatMap { Key(stringValue: $0) } } }

  func contains(_ key: Key) -> Bool {
    decoder.know(key.stringValue)
    return node(key) != nil
  }

  func decodeNil(forKey key: Key) throws -> Bool { try child(key).node.null != nil }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try child(key).decode(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try child(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try child(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { decoder }
  func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }

  private func node(_ key: Key) -> Node? { mapping[Node(key.stringValue)] }

  private func child(_ key: Key) throws -> NodeDecoder {
    decoder.know(key.stringValue)
    guard let node = node(key) else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "missing"))
    }
    return decoder.child(node, key: key)
  }
}

/// A list's values in order.
struct ListedNodes: UnkeyedDecodingContainer {
  struct Index: CodingKey {
    let intValue: Int?
    var stringValue: String { "[\(intValue ?? 0)]" }
    init(_ index: Int) { intValue = index }
    init?(intValue: Int) { self.intValue = intValue }
    init?(stringValue: String) { return nil }
  }

  let decoder: NodeDecoder
  let nodes: [Node]
  private(set) var currentIndex = 0

  init(decoder: NodeDecoder, nodes: [Node]) {
    self.decoder = decoder
    self.nodes = nodes
  }

  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { nodes.count }
  var isAtEnd: Bool { currentIndex >= nodes.count }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, nodes[currentIndex].null != nil else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try next().decode(type)
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    try next().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder { try next() }

  private mutating func next() throws -> NodeDecoder {
    guard !isAtEnd else {
      throw decoder.error("the list is too short: \(nodes.count) values", fix: nil)
    }
    defer { currentIndex += 1 }
    return decoder.child(nodes[currentIndex], key: Index(currentIndex))
  }
}

/// One value. Numbers may be written as people do: `5e8` and `1_000_000` are whole numbers.
struct ScalarNode: SingleValueDecodingContainer {
  let decoder: NodeDecoder

  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool { decoder.node.null != nil }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard let value = decoder.node.bool else { throw expected("true or false") }
    return value
  }

  func decode(_ type: String.Type) throws -> String {
    guard let value = decoder.node.scalar?.string else { throw expected("text") }
    return value
  }

  func decode(_ type: Double.Type) throws -> Double { try number("a number") }
  func decode(_ type: Float.Type) throws -> Float { Float(try number("a number")) }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if let type = type as? any FixedWidthInteger.Type, let value = try integer(type) as? Value {
      return value
    }
    return try decoder.decode(type)
  }

  func decode(_ type: Int.Type) throws -> Int { try integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

  private func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
    let text = scalarText
    if let value = Value(text) { return value }
    guard let value = Double(text), let exact = Value(exactly: value) else {
      throw expected("a whole number")
    }
    return exact
  }

  private func number(_ what: String) throws -> Double {
    guard let value = Double(scalarText), value.isFinite else { throw expected(what) }
    return value
  }

  private var scalarText: String {
    (decoder.node.scalar?.string ?? "").replacingOccurrences(of: "_", with: "")
  }

  private func expected(_ what: String) -> UserError {
    decoder.error("expected \(what), found \(decoder.found)", fix: "write \(what) here")
  }
}
