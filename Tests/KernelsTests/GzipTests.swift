import Kernels
import Testing

struct GzipTests {
  /// Compressible and incompressible, longer than the chunks that zlib is fed with.
  private let text: [UInt8] = (0..<1_000_000).map {
    $0 < 500_000 ? UInt8($0 / 1000 % 256) : UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13)
  }

  @Test func givesBackWhatWasCompressed() throws {
    for bytes in [text, [], [7]] {
      let packed = Gzip.compress(bytes)
      #expect(packed.prefix(2) == [0x1f, 0x8b])
      #expect(try Gzip.decompress(packed, limit: bytes.count) == bytes)
      #expect(Gzip.compress(bytes) == packed)
    }
    #expect(Gzip.compress(text).count < 800_000)
  }

  @Test func readsSeveralMembers() throws {
    let both = Gzip.compress([1, 2]) + Gzip.compress([3]) + [0, 0]
    #expect(try Gzip.decompress(both, limit: 10) == [1, 2, 3])
  }

  @Test func inflatesAStreamInsideOtherBytes() throws {
    // "hello" three times, by zlib at level 9, behind two other bytes and before one.
    let stream: [UInt8] = [
      0x78, 0xda, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xcf, 0x80, 0x13, 0x00, 0x31, 0xb0, 0x06, 0x3d,
    ]
    let (bytes, consumed) = try Gzip.inflate([0, 0] + stream + [9], from: 2, limit: 100)
    #expect(bytes == Array("hellohellohello".utf8))
    #expect(consumed == stream.count)
  }

  @Test func namesWhatIsWrong() {
    let packed = Gzip.compress(text)
    #expect(throws: Gzip.Failure.truncated) {
      try Gzip.decompress(Array(packed.dropLast(5)), limit: 1 << 30)
    }
    #expect(throws: Gzip.Failure.truncated) { try Gzip.decompress([], limit: 1 << 30) }
    #expect(throws: Gzip.Failure.tooLarge(limit: 999_999)) {
      try Gzip.decompress(packed, limit: 999_999)
    }
    #expect(throws: Gzip.Failure.corrupt(offset: 2)) {
      try Gzip.decompress([1, 2, 3, 4], limit: 1 << 30)
    }
    var altered = packed
    altered[packed.count / 2] ^= 0x55
    #expect(throws: Gzip.Failure.self) { try Gzip.decompress(altered, limit: 1 << 30) }
  }
}
