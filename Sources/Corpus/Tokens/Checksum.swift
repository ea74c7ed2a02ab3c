import Crypto
import Experiment
import Foundation
import Kernels

/// SHA-256 in hexadecimal.
package enum Checksum {
  package static func sha256(of bytes: some DataProtocol) -> String {
    SHA256.hash(data: bytes).hexadecimal
  }

  /// Of a whole file, a megabyte at a time.
  static func sha256(of file: MappedFile) -> String {
    var hash = SHA256()
    for start in stride(from: 0, to: file.count, by: 1 << 20) {
      hash.update(data: file.bytes(in: start..<min(start + 1 << 20, file.count)))
    }
    return hash.finalize().hexadecimal
  }
}
