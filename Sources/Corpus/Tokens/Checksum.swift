import Crypto
import Foundation
import Kernels

/// SHA-256 in hexadecimal.
package enum Checksum {
  package static func sha256(of bytes: some DataProtocol) -> String {
    text(SHA256.hash(data: bytes))
  }

  /// Of a whole file, a megabyte at a time.
  static func sha256(of file: MappedFile) -> String {
    var hash = SHA256()
    for start in stride(from: 0, to: file.count, by: 1 << 20) {
      hash.update(data: file.bytes(in: start..<min(start + 1 << 20, file.count)))
    }
    return text(hash.finalize())
  }

  private static func text(_ digest: SHA256.Digest) -> String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
