import Experiment
import Foundation
import Kernels

/// The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes
/// without holes, little-endian.
public enum SafeTensors {
  private struct Entry: Codable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  /// The bytes of a file that holds the parameters of `buffers`, each name with its buffer's prefix.
  public static func encode(_ buffers: [(prefix: String, buffer: ParameterBuffer)]) throws -> Data {
    var header: [String: Entry] = [:]
    var body = Data()
    for (prefix, buffer) in buffers {
      let bytes = buffer.data
      for parameter in buffer.layout.parameters {
        let range = byteRange(parameter)
        header[prefix + parameter.name] = Entry(
          dtype: "F32", shape: parameter.shape,
          data_offsets: [body.count, body.count + range.count])
        body.append(
          bytes[bytes.startIndex + range.lowerBound..<bytes.startIndex + range.upperBound])
      }
    }
    var json = try StableJSON.encode(header, pretty: false)
    // The body starts at a multiple of eight bytes, as readers that map the file like it.
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    var file = Data()
    for shift in stride(from: 0, to: 64, by: 8) {
      file.append(UInt8(truncatingIfNeeded: json.count >> shift))
    }
    return file + json + body
  }

  /// Loads every parameter of `buffer` from the file at `url`.
  ///
  /// - Throws: `UserError` of kind `badData` that names the file and byte offset of what is wrong.
  public static func load(
    _ buffers: [(prefix: String, buffer: ParameterBuffer)], from url: URL
  ) throws(UserError) {
    let file: Data
    do { file = try Data(contentsOf: url, options: .alwaysMapped) } catch {
      throw UserError(.missingInput, "cannot read the tensors", at: url.path)
    }
    guard file.count >= 8 else { throw bad("the file is cut short", url, byte: file.count) }
    let length = file.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(file.count - 8) else {
      throw bad("the header is said to have \(length) bytes", url, byte: 0)
    }
    let start = 8 + Int(length)
    guard
      let header = try? JSONDecoder().decode(
        [String: Entry].self, from: file.subdata(in: 8..<start))
    else { throw bad("the header is not valid JSON", url, byte: 8) }
    for (prefix, buffer) in buffers {
      var bytes = buffer.data
      for parameter in buffer.layout.parameters {
        let name = prefix + parameter.name
        guard let entry = header[name] else { throw bad("no tensor \(name)", url, byte: 8) }
        let range = byteRange(parameter)
        guard entry.dtype == "F32", entry.shape == parameter.shape, entry.data_offsets.count == 2,
          entry.data_offsets[1] - entry.data_offsets[0] == range.count,
          entry.data_offsets[0] >= 0, start + entry.data_offsets[1] <= file.count
        else {
          throw bad("tensor \(name) has another shape or lies outside the file", url, byte: start)
        }
        let from = start + entry.data_offsets[0]
        let target = bytes.startIndex + range.lowerBound..<bytes.startIndex + range.upperBound
        bytes.replaceSubrange(target, with: file[from..<from + range.count])
      }
      buffer.load(bytes)
    }
  }

  private static func byteRange(_ parameter: Parameter) -> Range<Int> {
    4 * parameter.offset..<4 * (parameter.offset + parameter.rows * parameter.columns)
  }

  private static func bad(_ what: String, _ url: URL, byte: Int) -> UserError {
    UserError(
      .badData, what, at: "\(url.path), byte \(byte)",
      fix: "the checkpoint is damaged; delete its folder to go on from the one before")
  }
}
