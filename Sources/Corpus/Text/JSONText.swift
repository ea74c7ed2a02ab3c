import Experiment
import Foundation

/// Documents in JSON: each is the string under `field`, a paragraph a line.
package enum JSONText {
  /// One object a line.
  ///
  /// - Throws: `UserError` of kind `badData` that names the line.
  package static func lines(
    _ text: Bytes, field: String, file: String
  ) throws(UserError) -> [[Bytes]] {
    var documents: [[Bytes]] = []
    for (number, line) in text.lines().enumerated() where !line.allSatisfy(\.isSpace) {
      let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
      guard let document = object?[field] as? String else {
        throw UserError(
          .badData, object == nil ? "not a JSON object" : "no string under \"\(field)\"",
          at: "\(file):\(number + 1)",
          fix: "give one JSON object a line, and name its text with `field:` (--field)")
      }
      documents.append(paragraphs(document))
    }
    return documents
  }

  /// An object of objects; entries without the field are left out.
  ///
  /// - Throws: `UserError` of kind `badData` when the file is not such an object.
  package static func object(
    _ text: Bytes, field: String, file: String
  ) throws(UserError) -> [[Bytes]] {
    guard
      let object = try? JSONSerialization.jsonObject(with: Data(text)) as? [String: [String: Any]]
    else {
      throw UserError(
        .badData, "not a JSON object of objects", at: file, fix: "use another `format:`")
    }
    return object.keys.sorted().compactMap { (object[$0]?[field] as? String).map(paragraphs) }
      .filter { !$0.isEmpty }
  }

  private static func paragraphs(_ document: String) -> [Bytes] {
    decodedText(Bytes(document.utf8)).lines().map { $0.collapsed() }.filter { !$0.isEmpty }
  }
}
