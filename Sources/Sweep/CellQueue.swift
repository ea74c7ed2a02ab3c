import Experiment
import Foundation
import Synchronization

/// The cells that a sweep has still to do: first those that nobody works on, then, again and again,
/// those that were busy, until they are done or free.
final class CellQueue: Sendable {
  private struct State {
    var waiting: ArraySlice<GridCell>
    var busy: [GridCell] = []
    var seenBusy: Set<String> = []
  }

  private let state: Mutex<State>

  init(_ cells: [GridCell]) { state = Mutex(State(waiting: cells[...])) }

  /// The next cell to try, nil when all are done or `stop` is set.
  func next(stop: StopSignal) -> GridCell? {
    while !stop.isSet {
      let (cell, isLast) = state.withLock { state -> (GridCell?, Bool) in
        guard let cell = state.waiting.popFirst() else { return (nil, state.busy.isEmpty) }
        return (cell, false)
      }
      if cell != nil || isLast { return cell }
      // All that is left is with another process: ask again in a while.
      for _ in 0..<5 where !stop.isSet { Thread.sleep(forTimeInterval: 0.1) }
      state.withLock { state in
        state.waiting += state.busy[...]
        state.busy = []
      }
    }
    return nil
  }

  /// Puts a busy cell back.
  ///
  /// - Returns: whether that happens to it for the first time
  func postpone(_ cell: GridCell) -> Bool {
    state.withLock { state in
      state.busy.append(cell)
      return state.seenBusy.insert(cell.id).inserted
    }
  }
}
