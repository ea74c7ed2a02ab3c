import Foundation
import Kernels
import Testing

struct MappedFileTests {
  private func withFile(_ bytes: [UInt8], _ body: (URL) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url)
  }

  @Test func readsLittleEndianNumbersAtAnyOffset() throws {
    let bytes: [UInt8] = [9, 1, 0, 0xff, 0xff, 2, 3, 4, 5]
    try withFile(bytes) { url in
      for file in [try MappedFile(url), try MappedFile(copying: bytes)] {
        #expect(file.count == 9)
        #expect(file.bytes(in: 3..<6) == [0xff, 0xff, 2])
        #expect(file.bytes(in: 9..<9).isEmpty)
        var words: [Int32] = [-1, -1, -1, -1]
        file.copyUInt16(at: 1, count: 2, into: &words, at: 1)
        #expect(words == [-1, 1, 0xffff, -1])
        file.copyUInt32(at: 5, count: 1, into: &words, at: 0)
        #expect(words[0] == 0x0504_0302)
      }
    }
  }

  @Test func knowsEmptyMissingAndFolder() throws {
    try withFile([]) { (url) throws in
      let empty = try MappedFile(url)
      #expect(empty.bytes(in: 0..<0).isEmpty)
      #expect(throws: SystemError.self) { try MappedFile(url.appendingPathComponent("none")) }
    }
    #expect(throws: SystemError.self) { try MappedFile(FileManager.default.temporaryDirectory) }
  }

  @Test func refusesToReadPastTheEnd() async {
    await #expect(processExitsWith: .failure) {
      _ = try MappedFile(copying: [1, 2, 3]).bytes(in: 2..<4)
    }
    await #expect(processExitsWith: .failure) {
      var words: [Int32] = [0, 0]
      try MappedFile(copying: [1, 2, 3]).copyUInt16(at: 0, count: 2, into: &words, at: 0)
    }
    await #expect(processExitsWith: .failure) {
      var words: [Int32] = [0]
      try MappedFile(copying: [1, 2, 3, 4]).copyUInt16(at: 0, count: 2, into: &words, at: 0)
    }
  }
}
