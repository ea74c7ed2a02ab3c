// Large models: the workers share each kernel, so that one gradient and the activations of one
// microbatch are enough for all of them. What is shared are rows or columns of the result; an element
// is computed the same way whoever has it, so the bits do not depend on the workers.

extension Arena {
  /// Calls `body` for ranges that make up 0 ..< `count`, side by side on the arena's workers.
  ///
  /// - Parameters:
  ///   - unit: every range begins at a multiple of it
  ///   - body: computes what belongs to its range, and takes what memory it needs from the arena that
  ///     it is given
  @inline(__always)
  public func share(
    _ count: Int, inUnitsOf unit: Int = 1, _ body: (_ range: Range<Int>, _ arena: Arena) -> Void
  ) {
    guard workers > 1, count > unit else { return body(0..<count, self) }
    distribute(count, unit, body)
  }

  @inline(never)
  private func distribute(_ count: Int, _ unit: Int, _ body: (Range<Int>, Arena) -> Void) {
    withoutActuallyEscaping(body) { body in
      kernel.body = body
      (kernel.count, kernel.unit, kernel.arenas) = (count, unit, parts)
      team.run(kernel, shares: min(workers, (count + unit - 1) / unit))
      kernel.body = nil
    }
  }
}

/// A kernel that is being shared: a range for each worker.
final class SharedKernel: SharedWork {
  var body: ((Range<Int>, Arena) -> Void)?
  var arenas: [Arena] = []
  var count = 0
  var unit = 1

  func work(share: Int, of shares: Int) {
    let units = (count + unit - 1) / unit
    let start = share * units / shares * unit
    body?(start..<min(count, (share + 1) * units / shares * unit), arenas[share])
  }
}
