import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A call that the system refused: its errno.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// errno
  public let code: Int32

  /// The system's words for `code`.
  public var description: String { String(cString: strerror(code)) }
}

/// The bytes of a file, mapped read-only: opening costs nothing, and processes share the pages.
///
/// Every read is bounds-checked. Nobody may shorten the file while it is mapped (a read past its
/// new end would be a bus error); Overtrain's own files are replaced by renaming, never in place.
public final class MappedFile: @unchecked Sendable {
  /// Bytes.
  public let count: Int
  private let base: UnsafeMutableRawPointer?

  /// Maps the file at `url`.
  public init(_ url: URL) throws(SystemError) {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError(code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(code: EISDIR) }
    count = Int(status.st_size)
    guard count > 0 else {
      base = nil
      return
    }
    guard let pages = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), pages != MAP_FAILED
    else { throw SystemError(code: errno) }
    base = pages
  }

  /// Memory of `bytes`, with the same reads: for files that had to be inflated.
  public init(copying bytes: [UInt8]) throws(SystemError) {
    count = bytes.count
    guard count > 0 else {
      base = nil
      return
    }
    let flags = MAP_PRIVATE | Int32(MAP_ANONYMOUS)
    guard let pages = mmap(nil, count, PROT_READ | PROT_WRITE, flags, -1, 0), pages != MAP_FAILED
    else { throw SystemError(code: errno) }
    UnsafeMutableRawBufferPointer(start: pages, count: count).copyBytes(from: bytes)
    base = pages
  }

  deinit {
    if let base { munmap(base, count) }
  }

  /// The bytes in `range`.
  public func bytes(in range: Range<Int>) -> [UInt8] {
    check(range.lowerBound, range.count)
    return Array(UnsafeRawBufferPointer(start: base, count: count)[range])
  }

  /// Widens `count` little-endian 16-bit numbers from `byteOffset` into `destination[index…]`.
  public func copyUInt16(
    at byteOffset: Int, count: Int, into destination: inout [Int32], at index: Int
  ) {
    copy(UInt16.self, byteOffset, count, &destination, index)
  }

  /// Copies `count` little-endian 32-bit numbers from `byteOffset` into `destination[index…]`.
  public func copyUInt32(
    at byteOffset: Int, count: Int, into destination: inout [Int32], at index: Int
  ) {
    copy(UInt32.self, byteOffset, count, &destination, index)
  }

  @inline(__always)
  private func copy<Word: FixedWidthInteger>(
    _: Word.Type, _ byteOffset: Int, _ words: Int, _ destination: inout [Int32], _ index: Int
  ) {
    guard words > 0 else { return }
    let width = MemoryLayout<Word>.size
    precondition(words <= count / width, "read past the end of a mapped file")
    check(byteOffset, words * width)
    precondition(index >= 0 && index + words <= destination.count, "destination is too small")
    guard let base else { return }
    let source = UnsafeRawPointer(base + byteOffset)
    destination.withUnsafeMutableBufferPointer { buffer in
      for i in 0..<words {
        let word = source.loadUnaligned(fromByteOffset: i * width, as: Word.self)
        buffer[index + i] = Int32(truncatingIfNeeded: Word(littleEndian: word))
      }
    }
  }

  private func check(_ offset: Int, _ length: Int) {
    precondition(
      offset >= 0 && length >= 0 && offset <= count && length <= count - offset,
      "read past the end of a mapped file")
  }
}
