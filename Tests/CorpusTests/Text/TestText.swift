import Corpus
import Experiment
import Foundation

/// Bytes of a string.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The string of bytes.
func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Made-up English by seed: grammatical enough for the filter, different in every sentence.
struct Babble {
  private var random: RandomSource
  private static let nouns = """
    river mountain teacher window garden letter winter soldier market bridge story island mirror
    captain village shadow candle harbour orchard kitchen thunder blanket compass lantern meadow
    """.split(whereSeparator: \.isWhitespace)
  private static let verbs = """
    finds carries watches follows paints remembers repairs describes answers measures crosses hides
    """.split(whereSeparator: \.isWhitespace)

  init(seed: UInt64) { random = RandomSource(seed: seed) }

  mutating func sentence() -> String {
    func noun() -> Substring { Self.nouns[random.integer(below: Self.nouns.count)] }
    func verb() -> Substring { Self.verbs[random.integer(below: Self.verbs.count)] }
    return
      "The \(noun()) of the \(noun()) \(verb()) a \(noun()) by the \(noun()), and the \(noun())"
      + " \(verb()) it with the \(noun())."
  }

  mutating func paragraph(sentences: Int = 3) -> String {
    (0..<sentences).map { _ in sentence() }.joined(separator: " ")
  }

  /// Plain text of `count` paragraphs.
  mutating func text(paragraphs count: Int) -> String {
    (0..<count).map { _ in paragraph() }.joined(separator: "\n\n")
  }
}

/// A folder that is removed after `body`.
func withFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("overtrain-text-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// A zlib stream of stored blocks.
func zlibStored(_ content: [UInt8]) -> [UInt8] {
  precondition(content.count <= 65_535)
  let length = [UInt8(content.count & 255), UInt8(content.count >> 8)]
  var (a, b): (UInt32, UInt32) = (1, 0)
  for byte in content {
    a = (a + UInt32(byte)) % 65_521
    b = (b + a) % 65_521
  }
  return [0x78, 0x01, 1] + length + length.map { ~$0 } + content + bigEndian(b << 16 | a)
}

func bigEndian(_ value: UInt32) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}

func littleEndian(_ value: Int, bytes count: Int = 4) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// The lines that a build says.
final class Lines {
  var all: [String] = []
  var text: String { all.joined(separator: "\n") }
}
