import Crypto
import Foundation

/// A file that others rely on: it carries the SHA-256 of the rest of itself as its first key, so
/// that any changed byte is found. `sha256sum` of the file without its second line gives the digest.
public protocol Sealed: Codable {
  /// Version of the format; files are sealed from `sealedVersion` on.
  var version: Int { get }
}

/// The first version of records and manifests that is sealed.
public let sealedVersion = 2

extension RunRecord: Sealed {}
extension CorpusManifest: Sealed {}

extension DurableFile {
  /// Writes `value` as JSON with its digest, durably.
  public static func write(json value: some Sealed, to url: URL) throws(UserError) {
    do {
      try write(Seal.close(StableJSON.encode(value)), to: url)
    } catch let error as UserError {
      throw error
    } catch {
      throw UserError(.failure, "cannot encode: \(error)", at: url.path)
    }
  }
}

extension StableJSON {
  /// Decodes a sealed file whose digest is right, or an older one without a digest.
  ///
  /// - Throws: `UserError` of kind `badData` that names the file and says what is wrong.
  public static func decode<Value: Sealed>(
    _ type: Value.Type, from url: URL
  ) throws(UserError) -> Value {
    let file = try read(url)
    let contents = try Seal.open(file, at: url.path)
    let value: Value
    do throws(UserError) { value = try decode(type, from: contents ?? file, at: url) } catch {
      guard contents == nil else { throw error }
      throw Seal.altered(
        "it begins with no digest and is \(error.what)", at: "\(url.path), bytes 0 to \(file.count)"
      )
    }
    guard contents != nil || value.version < sealedVersion else {
      throw Seal.altered("its digest is missing", at: "\(url.path), byte 0")
    }
    return value
  }
}

/// The line that holds the digest.
private enum Seal {
  static let start = Data("{\n".utf8)
  static let key = Data("  \"digest\" : \"".utf8)
  static let end = Data("\",\n".utf8)
  static let hexCount = 64

  static func close(_ json: Data) -> Data {
    precondition(json.starts(with: start), "only a pretty JSON object can be sealed")
    return start + key + digest(json) + end + json.dropFirst(start.count)
  }

  /// What was sealed, nil of a file without a digest.
  static func open(_ file: Data, at path: String) throws(UserError) -> Data? {
    guard file.starts(with: start + key) else { return nil }
    let stated = file.dropFirst(start.count + key.count).prefix(hexCount)
    let rest = file.dropFirst(start.count + key.count + hexCount)
    guard stated.count == hexCount, rest.starts(with: end) else {
      throw altered("its digest is damaged", at: "\(path), byte \(start.count + key.count)")
    }
    let contents = start + rest.dropFirst(end.count)
    guard digest(contents) == stated else {
      throw altered(
        "its SHA-256 is not the one that it was written with",
        at: "\(path), bytes 0 to \(file.count)")
    }
    return contents
  }

  static func altered(_ what: String, at location: String) -> UserError {
    UserError(
      .badData, "altered after it was written: \(what)", at: location,
      fix: "delete the file and run the same command again: it is made anew")
  }

  private static func digest(_ data: Data) -> Data {
    Data(SHA256.hash(data: data).hexadecimal.utf8)
  }
}
