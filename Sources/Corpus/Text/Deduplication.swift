/// Drops every paragraph that was seen before.
package struct Deduplication {
  private var seen: Set<UInt64> = []

  /// Nothing seen yet.
  package init() {}

  /// `documents` without paragraphs seen before. A document that is cut to less than 120 bytes goes.
  package mutating func unique(_ documents: [TextDocument]) -> [TextDocument] {
    var result: [TextDocument] = []
    result.reserveCapacity(documents.count)
    for var document in documents {
      let isNew = document.keys.map { $0 == 0 || seen.insert($0).inserted }
      if isNew.contains(false) {
        document.keep(isNew)
        guard document.byteCount >= minimumDocumentBytes else { continue }
      }
      result.append(document)
    }
    return result
  }
}

/// The least that must be left of a document that loses paragraphs.
let minimumDocumentBytes = 120

extension TextDocument {
  /// Keeps the paragraphs whose flag is set.
  mutating func keep(_ flags: [Bool]) {
    paragraphs = zip(paragraphs, flags).filter(\.1).map(\.0)
    keys = zip(keys, flags).filter(\.1).map(\.0)
  }
}
