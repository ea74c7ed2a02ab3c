/// Entries of one of WordNet's data files: "words (part of speech): gloss.", twenty to a document.
///
/// A line is `offset file type count word id word id … | gloss`, the count in hexadecimal; the
/// licence before it is indented.
package func wordNetEntries(_ text: Bytes, partOfSpeech: String) -> [[Bytes]] {
  let entries = text.lines().compactMap { line -> Bytes? in
    guard !line.starts(with: "  "), let bar = line.firstRange(of: " | ", from: line.startIndex)
    else { return nil }
    let fields = line[..<bar.lowerBound].split(separator: 32)
    guard fields.count > 4, let count = Int(String(decoding: fields[3], as: UTF8.self), radix: 16),
      0...fields.count ~= count, fields.count > 4 + 2 * (count - 1)
    else { return nil }
    // A word may end in a marker such as (a), where an adjective may stand.
    let words = (0..<count).map { i in
      Bytes(fields[4 + 2 * i].prefix { $0 != 40 }.map { $0 == UInt8(ascii: "_") ? 32 : $0 })
    }
    return Bytes(words.joined(separator: Bytes(", ".utf8))) + Bytes(" (\(partOfSpeech)): ".utf8)
      + line[bar.upperBound...].collapsed() + [UInt8(ascii: ".")]
  }
  return stride(from: 0, to: entries.count, by: 20).map {
    Array(entries[$0..<min($0 + 20, entries.count)])
  }
}
