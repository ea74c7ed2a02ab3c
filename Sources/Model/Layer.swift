import Experiment
import Kernels

/// A layer inside a block: a map of rows [B·T, D] to rows [B·T, D].
///
/// It owns no numbers, only where its parameters lie. What `backward` needs of a forward pass beside x
/// is in `Saved`, so that what a step keeps in memory is visible and typed. Everything else that a
/// pass takes from the arena it gives back.
package protocol BlockLayer: Sendable {
  associatedtype Saved

  /// Declares the parameters of the layer in block `index`.
  init(_ config: ModelConfig, index: Int, _ layout: inout ParameterLayout)

  /// Writes y, which may be x.
  func forward(
    _ x: Matrix, into y: Matrix, _ batch: BatchShape, _ weights: ParameterBuffer, _ arena: Arena
  ) -> Saved

  /// Writes dx, adds to `gradients`.
  func backward(
    _ dy: Matrix, x: Matrix, _ saved: Saved, into dx: Matrix, _ batch: BatchShape,
    _ weights: ParameterBuffer, _ gradients: ParameterBuffer, _ arena: Arena)
}

/// B sequences of T positions.
package struct BatchShape: Sendable {
  let sequences: Int
  let positions: Int

  package init(sequences: Int, positions: Int) {
    self.sequences = sequences
    self.positions = positions
  }

  var rows: Int { sequences * positions }
}

extension Arena {
  /// Gives back what `body` takes.
  func scratch<Result>(_ body: () -> Result) -> Result {
    let start = mark
    defer { rewind(to: start) }
    return body()
  }
}
