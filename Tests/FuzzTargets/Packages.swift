import Corpus
import Kernels

extension FuzzTarget {
  /// Compressed blocks with an index.
  static func packages() -> [FuzzTarget] {
    func little(_ value: Int) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let verse = Array("<w>Verse</w> of the <note>x</note>book.".utf8)
    // A module is three files: their lengths lead, so that one input has them all.
    let block = Array(Gzip.compress(verse).dropFirst(10))
    let parts = [
      block, little(0) + little(block.count) + little(verse.count),
      little(0) + little(0) + [UInt8(verse.count), 0],
    ]
    let sword = FuzzTarget("sword", seeds: [parts.flatMap { [UInt8($0.count)] + $0 }]) { input in
      var rest = input[...]
      let files = (0..<3).map { _ -> [UInt8] in
        let count = Int(rest.popFirst() ?? 0)
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
      for driver in ["zText", "zCom4"] {
        _ = SwordModule(configuration: Array("[X]\nModDrv=\(driver)\n".utf8))
          .documents(blocks: files[0], index: files[1], verses: files[2])
      }
      _ = SwordModule.entries(index: files[1], blocks: files[0])
    }
    let strings: [UInt8] = [88, 10, 0, 4, 0, 9, 0, 0, 0, 3, 97, 98, 99]
    let stream = Array(Gzip.compress(strings).dropFirst(10))
    let rdata = FuzzTarget("rdata", seeds: [[0, 0, 0, 13] + strings, [0, 0, 0, 13] + stream]) {
      _ = rDataTexts($0)
    }
    return [sword, rdata]
  }
}
