import Experiment
import Foundation
import Kernels

/// The layout of a token file, that of llm.c: 256 little-endian 32-bit numbers (magic, version,
/// token count, zeros), then the tokens, 16 bits each, 32 when the vocabulary does not fit.
struct ShardFormat: Sendable {
  static let magic: Int32 = 20_240_520
  static let version: Int32 = 1
  static let headerBytes = 256 * 4

  /// Bytes of a token: 2 or 4.
  let width: Int

  init(vocabularySize: Int) { width = vocabularySize > 65_536 ? 4 : 2 }

  /// A whole shard.
  func encode(_ tokens: ArraySlice<Int32>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(ShardFormat.headerBytes + tokens.count * width)
    var header = [Int32](repeating: 0, count: 256)
    header[0] = ShardFormat.magic
    header[1] = ShardFormat.version
    header[2] = Int32(tokens.count)
    for word in header { append(UInt32(bitPattern: word), 4, &bytes) }
    for token in tokens { append(UInt32(bitPattern: token), width, &bytes) }
    return bytes
  }

  @inline(__always)
  private func append(_ word: UInt32, _ width: Int, _ bytes: inout [UInt8]) {
    bytes.append(UInt8(truncatingIfNeeded: word))
    bytes.append(UInt8(truncatingIfNeeded: word >> 8))
    guard width == 4 else { return }
    bytes.append(UInt8(truncatingIfNeeded: word >> 16))
    bytes.append(UInt8(truncatingIfNeeded: word >> 24))
  }

  /// Copies `count` tokens from position `first` of a shard into `destination[index…]`.
  func copy(
    from file: MappedFile, at first: Int, count: Int, into destination: inout [Int32],
    at index: Int,
    header: Int = ShardFormat.headerBytes
  ) {
    let offset = header + first * width
    if width == 2 {
      file.copyUInt16(at: offset, count: count, into: &destination, at: index)
    } else {
      file.copyUInt32(at: offset, count: count, into: &destination, at: index)
    }
  }

  /// The number of tokens that the header promises, after checking it and the length of the file.
  ///
  /// - Parameter expected: the number in the manifest, if there is one
  func tokenCount(
    of file: MappedFile, named name: String, expecting expected: Int? = nil
  ) throws(UserError) -> Int {
    guard file.count >= ShardFormat.headerBytes else {
      throw ShardFormat.error(
        "truncated: the file ends here, inside the header of \(ShardFormat.headerBytes) bytes",
        name, file.count)
    }
    var header: [Int32] = [0, 0, 0]
    file.copyUInt32(at: 0, count: 3, into: &header, at: 0)
    guard header[0] == ShardFormat.magic else {
      throw ShardFormat.error(
        "not a token shard: magic number \(header[0]) instead of \(ShardFormat.magic)", name, 0)
    }
    guard header[1] == ShardFormat.version else {
      throw ShardFormat.error(
        "shard version \(header[1]), but only \(ShardFormat.version) is known", name, 4)
    }
    guard header[2] >= 0 else {
      throw ShardFormat.error("token count \(header[2]) in the header", name, 8)
    }
    if let expected, expected != header[2] {
      throw ShardFormat.error(
        "the header has \(header[2]) tokens, but the manifest \(expected)", name, 8)
    }
    let end = ShardFormat.headerBytes + Int(header[2]) * width
    guard file.count >= end else {
      throw ShardFormat.error(
        "truncated: the file ends here, \(end - file.count) bytes short of its \(header[2]) tokens",
        name, file.count)
    }
    guard file.count == end else {
      throw ShardFormat.error(
        "\(file.count - end) bytes follow the last of its \(header[2]) tokens", name, end)
    }
    return Int(header[2])
  }

  /// Checks that all tokens are below `vocabularySize`; `header` bytes come before them.
  func checkTokens(
    of file: MappedFile, named name: String, below vocabularySize: Int,
    header: Int = ShardFormat.headerBytes
  ) throws(UserError) {
    let count = (file.count - header) / width
    let limit = UInt32(vocabularySize)
    var chunk = [Int32](repeating: 0, count: min(count, 1 << 16))
    for first in stride(from: 0, to: count, by: 1 << 16) {
      let length = min(1 << 16, count - first)
      copy(from: file, at: first, count: length, into: &chunk, at: 0, header: header)
      guard let bad = chunk[..<length].firstIndex(where: { UInt32(bitPattern: $0) >= limit }) else {
        continue
      }
      throw ShardFormat.error(
        "token id \(UInt32(bitPattern: chunk[bad])) is not below the vocabulary size \(vocabularySize)",
        name, header + (first + bad) * width)
    }
  }

  static func error(_ what: String, _ name: String, _ offset: Int) -> UserError {
    UserError(.badData, what, at: "\(name), byte \(offset)", fix: ShardFormat.fix)
  }

  static let fix = "the file was altered or cut off; remove the corpus folder and make it again"
}
