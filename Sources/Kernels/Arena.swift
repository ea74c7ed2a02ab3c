/// Memory for the activations of one microbatch: taken in order, given back all at once.
///
/// It sets aside far more addresses than a microbatch needs, of which only those that are written to
/// take memory: once the first has gone through, nothing is allocated. One thread uses an arena at a
/// time.
public final class Arena: @unchecked Sendable {
  /// A place to rewind to.
  public struct Mark: Sendable {
    let block: Int
    let offset: Int
  }

  /// Floats of a block, unless a matrix needs more: 256 MiB of addresses.
  private static let blockCount = 1 << 26

  private var blocks: [Storage] = []
  private var block = 0
  private var offset = 0

  /// Threads that `share` uses, the caller among them: one, or up to as many as there are cores.
  public var workers = 1 {
    didSet { while parts.count < workers { parts.append(Arena()) } }
  }
  let team: WorkerTeam
  let kernel = SharedKernel()
  /// An arena for each worker.
  private(set) var parts: [Arena] = []

  /// An empty arena.
  ///
  /// - Parameter team: the workers, for arenas of which `workers` is set; no other work of theirs runs
  ///   at the same time
  public init(team: WorkerTeam = WorkerTeam()) { self.team = team }

  /// A matrix whose elements are not initialised, valid until `reset` or a rewind past it.
  public func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    let count = (rows * columns + 15) / 16 * 16
    while block < blocks.count && offset + count > blocks[block].count {
      block += 1
      offset = 0
    }
    if block == blocks.count {
      blocks.append(Storage(count: max(count, Self.blockCount)))
    }
    defer { offset += count }
    return Matrix(blocks[block], offset: offset, rows: rows, columns: columns, stride: columns)
  }

  /// The place up to which matrices are taken.
  public var mark: Mark { Mark(block: block, offset: offset) }

  /// Gives back every matrix taken since `mark`.
  public func rewind(to mark: Mark) {
    precondition(mark.block < block || (mark.block == block && mark.offset <= offset))
    block = mark.block
    offset = mark.offset
  }

  /// Gives back every matrix.
  public func reset() {
    block = 0
    offset = 0
  }
}
