import Crypto
import Foundation

/// What is kept of a file to tell later whether, and where, it has changed: its SHA-256 or, of one
/// longer than a MiB, that of each MiB.
public enum FileDigest: Sendable, Equatable {
  /// SHA-256 of the file, in hexadecimal.
  case whole(String)
  /// SHA-256 of each MiB in order; the last may be shorter.
  case blocks([String])

  private static let blockBytes = 1 << 20

  /// The digests of the blocks, nil where only the whole is known.
  public var blocks: [String]? {
    if case .blocks(let digests) = self { digests } else { nil }
  }

  /// The digest of a file of `count` bytes, those of a range given by `bytes`.
  public init(count: Int, bytes: (Range<Int>) -> some DataProtocol) {
    let digests = Self.blocks(of: count).map { SHA256.hash(data: bytes($0)).hexadecimal }
    self = digests.count == 1 ? .whole(digests[0]) : .blocks(digests)
  }

  /// The digest of a file that holds `data`.
  public init(of data: Data) {
    self.init(count: data.count) { data.dropFirst($0.lowerBound).prefix($0.count) }
  }

  /// The bytes of the first block of a file that is not as it was, all of them where only the whole
  /// is known; nil of an unchanged file.
  public func damage(count: Int, bytes: (Range<Int>) -> some DataProtocol) -> Range<Int>? {
    let found = Self.blocks(of: count)
    switch self {
    case .whole(let digest):
      var hash = SHA256()
      for block in found { hash.update(data: bytes(block)) }
      return hash.finalize().hexadecimal == digest ? nil : 0..<count
    case .blocks(let digests):
      for (block, digest) in zip(found, digests)
      where SHA256.hash(data: bytes(block)).hexadecimal != digest { return block }
      // Cut off, or gone on, between two blocks.
      let end = min(count, digests.count * Self.blockBytes)
      return found.count == digests.count ? nil : end..<count
    }
  }

  /// As above, of a file that holds `data`.
  public func damage(to data: Data) -> Range<Int>? {
    damage(count: data.count) { data.dropFirst($0.lowerBound).prefix($0.count) }
  }

  /// An empty file has one block, of no bytes.
  private static func blocks(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: max(1, count), by: blockBytes).map { $0..<min(count, $0 + blockBytes) }
  }
}

/// A string, or an array of one for each MiB.
extension FileDigest: Codable {
  /// Decodes either form.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    self =
      if let digest = try? container.decode(String.self) { .whole(digest) } else {
        .blocks(try container.decode([String].self))
      }
  }

  /// Encodes the form that it has.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .whole(let digest): try container.encode(digest)
    case .blocks(let digests): try container.encode(digests)
    }
  }
}
