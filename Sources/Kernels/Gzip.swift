import CZlib

/// zlib, in both of its wrappers: gzip files, and the bare zlib streams inside other formats.
public enum Gzip {
  /// What a compressed stream can be guilty of.
  public enum Failure: Error, Equatable, CustomStringConvertible {
    /// Not a valid stream at this byte of the input.
    case corrupt(offset: Int)
    /// The input ends before the stream does.
    case truncated
    /// More than `limit` bytes come out.
    case tooLarge(limit: Int)

    /// In words, for a message.
    public var description: String {
      switch self {
      case .corrupt(let offset): "not valid compressed data at byte \(offset)"
      case .truncated: "compressed data ends too early"
      case .tooLarge(let limit): "compressed data holds more than \(limit) bytes"
      }
    }
  }

  /// One gzip member, without name or time: the same bytes for the same input.
  public static func compress(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
    let stream = makeStream()
    let size = Int32(MemoryLayout<z_stream>.size)
    let status = deflateInit2_(
      stream, level, Z_DEFLATED, gzipWindow, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
    precondition(status == Z_OK, "zlib: \(status)")  // out of memory, or a wrong level
    defer {
      deflateEnd(stream)
      stream.deallocate()
    }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count / 2 + 64)
    var consumed = 0
    var last = Z_OK
    while last != Z_STREAM_END {
      let piece = min(bytes.count - consumed, chunk)
      let flush = consumed + piece == bytes.count ? Z_FINISH : Z_NO_FLUSH
      let (used, status) = step(stream, bytes, consumed, piece, &output) { deflate(stream, flush) }
      consumed += used
      last = status
    }
    return output
  }

  /// The contents of a gzip file of one or more members.
  ///
  /// - Parameter limit: the most bytes that may come out.
  public static func decompress(_ bytes: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
    var output: [UInt8] = []
    var offset = 0
    repeat {
      offset += try inflate(bytes, from: offset, window: gzipWindow, limit, &output)
      // Some writers pad the last member with zeros (RFC 1952 leaves it to the reader).
      while offset < bytes.count, bytes[offset] == 0 { offset += 1 }
    } while offset < bytes.count
    return output
  }

  /// The contents of the bare zlib stream that starts at `offset`, and how many bytes it took.
  ///
  /// - Parameter limit: the most bytes that may come out.
  public static func inflate(
    _ bytes: [UInt8], from offset: Int = 0, limit: Int
  ) throws(Failure) -> (bytes: [UInt8], consumed: Int) {
    var output: [UInt8] = []
    let consumed = try inflate(bytes, from: offset, window: MAX_WBITS, limit, &output)
    return (output, consumed)
  }

  private static let gzipWindow = MAX_WBITS + 16
  private static let chunk = 1 << 18

  private static func inflate(
    _ bytes: [UInt8], from offset: Int, window: Int32, _ limit: Int, _ output: inout [UInt8]
  ) throws(Failure) -> Int {
    precondition(offset >= 0 && offset <= bytes.count, "offset outside the input")
    let stream = makeStream()
    let size = Int32(MemoryLayout<z_stream>.size)
    let status = inflateInit2_(stream, window, ZLIB_VERSION, size)
    precondition(status == Z_OK, "zlib: \(status)")
    defer {
      inflateEnd(stream)
      stream.deallocate()
    }
    var consumed = offset
    while true {
      let piece = min(bytes.count - consumed, chunk)
      let before = output.count
      let (used, status) = step(stream, bytes, consumed, piece, &output) {
        CZlib.inflate(stream, Z_NO_FLUSH)
      }
      consumed += used
      guard output.count <= limit else { throw .tooLarge(limit: limit) }
      switch status {
      case Z_STREAM_END: return consumed - offset
      case Z_OK where used > 0 || output.count > before: continue
      case Z_OK, Z_BUF_ERROR:
        guard consumed == bytes.count else { throw .corrupt(offset: consumed) }
        throw .truncated
      default: throw .corrupt(offset: consumed)
      }
    }
  }

  /// A stream at a fixed address: zlib keeps a pointer back to it.
  private static func makeStream() -> UnsafeMutablePointer<z_stream> {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    return stream
  }

  /// Feeds `piece` bytes at `start` to `body` and appends what comes out, at most one chunk.
  private static func step(
    _ stream: UnsafeMutablePointer<z_stream>, _ bytes: [UInt8], _ start: Int, _ piece: Int,
    _ output: inout [UInt8], _ body: () -> Int32
  ) -> (used: Int, status: Int32) {
    bytes.withUnsafeBufferPointer { input in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: chunk) { buffer in
        stream.pointee.next_in = UnsafeMutablePointer(
          mutating: input.baseAddress.map { $0 + start })
        stream.pointee.avail_in = UInt32(piece)
        stream.pointee.next_out = buffer.baseAddress
        stream.pointee.avail_out = UInt32(chunk)
        let status = body()
        output.append(contentsOf: buffer[..<(chunk - Int(stream.pointee.avail_out))])
        return (piece - Int(stream.pointee.avail_in), status)
      }
    }
  }
}
