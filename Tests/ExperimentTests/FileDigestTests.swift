import Experiment
import Foundation
import Testing

/// A digest says which MiB of a file has changed.
struct FileDigestTests {
  private static let mebibyte = 1 << 20
  private static let sizes = [
    0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte, 5 * mebibyte / 2,
  ]

  private func bytes(_ count: Int) -> Data {
    var random = RandomSource(seed: 3)
    return Data((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
  }

  @Test(arguments: sizes) func namesTheBlock(count: Int) throws {
    let good = bytes(count)
    let digest = FileDigest(of: good)
    #expect(digest.damage(to: good) == nil)
    // A part of other data, whose indices do not begin at 0.
    #expect(digest.damage(to: (Data([9]) + good).dropFirst()) == nil)
    for place in [0, count / 2, count - 1] where place >= 0 && place < count {
      var bad = good
      bad[place] ^= 4
      let damage = try #require(digest.damage(to: bad))
      #expect(damage.contains(place))
      #expect(count <= Self.mebibyte ? damage == 0..<count : damage.count <= Self.mebibyte)
    }
  }

  /// Cut off or gone on at any place, between blocks too.
  @Test(arguments: sizes) func anotherLengthIsDamage(count: Int) {
    let good = bytes(count)
    let digest = FileDigest(of: good)
    for other in Self.sizes where other != count {
      let bad = other < count ? good.prefix(other) : good + Data(count: other - count)
      let damage = digest.damage(to: bad)
      #expect(damage != nil && (damage?.upperBound ?? 0) <= other, "\(count) to \(other)")
    }
  }

  /// One string of short files and in older checkpoints, an array of longer ones.
  @Test func isAStringOrAnArray() throws {
    let short = FileDigest(of: Data("abc".utf8))
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(short == .whole(sha256))
    let long = FileDigest(of: bytes(2 * Self.mebibyte + 5))
    #expect(long.blocks?.count == 3)
    for digest in [short, long] {
      let json = try StableJSON.encode(["f": digest])
      #expect(try JSONDecoder().decode([String: FileDigest].self, from: json) == ["f": digest])
    }
    // Of an older file, however long, there is one for the whole.
    let zeros = Data(count: 3 * Self.mebibyte)
    let older = FileDigest.whole("bbd05cf6097ac9b1f89ea29d2542c1b7b67ee46848393895f5a9e43fa1f621e5")
    #expect(older.damage(to: zeros) == nil)
    #expect(older.damage(to: zeros.dropLast()) == 0..<zeros.count - 1)
  }
}
