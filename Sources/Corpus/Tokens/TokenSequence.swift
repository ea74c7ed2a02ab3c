import Experiment
import Foundation
import Kernels

/// The shards of a set as one sequence of tokens.
public final class TokenSequence: Sendable {
  /// Tokens in all shards.
  public let count: Int

  private let format: ShardFormat
  private let files: [MappedFile]
  private let starts: [Int]  // position of each shard's first token, and `count` at the end

  init(_ files: [MappedFile], format: ShardFormat) {
    self.files = files
    self.format = format
    var starts = [0]
    for file in files {
      starts.append(
        starts[starts.count - 1] + (file.count - ShardFormat.headerBytes) / format.width)
    }
    self.starts = starts
    count = starts[starts.count - 1]
  }

  /// One shard as a sequence of its own.
  ///
  /// - Throws: `UserError` of kind `missingInput` or `badData`, with the byte offset.
  public convenience init(opening shard: URL, vocabularySize: Int) throws(UserError) {
    let format = ShardFormat(vocabularySize: vocabularySize)
    let file = try MappedFile.open(shard)
    _ = try format.tokenCount(of: file, named: shard.path)
    self.init([file], format: format)
  }

  /// Copies `count` tokens from position `first` on into `destination[index…]`.
  public func copy(
    from first: Int, count: Int, into destination: inout [Int32], at index: Int
  ) {
    precondition(first >= 0 && count >= 0 && first + count <= self.count, "outside the sequence")
    guard count > 0 else { return }
    var position = first
    var shard = 0
    while starts[shard + 1] <= position { shard += 1 }
    while position < first + count {
      let length = min(first + count, starts[shard + 1]) - position
      format.copy(
        from: files[shard], at: position - starts[shard], count: length, into: &destination,
        at: index + position - first)
      position += length
      shard += 1
    }
  }
}
