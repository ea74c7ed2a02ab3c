import Experiment
import Kernels

// Forward only, for evaluation. The rows of all trees lie one behind the other without padding: every
// layer but attention works row by row, and attention sees one text at a time. No sum runs over rows,
// so the bits of a score do not depend on the trees beside it. Only scored rows reach the head.

/// Where a tree's rows are.
struct TreeRows {
  let stem: Range<Int>
  let branches: [Range<Int>]

  /// One behind the other, from row 0 on.
  static func place(_ trees: ArraySlice<TextTree>) -> (trees: [TreeRows], count: Int) {
    var next = 0
    func take(_ count: Int) -> Range<Int> {
      defer { next += count }
      return next..<next + count
    }
    let placed = trees.map { tree in
      TreeRows(stem: take(tree.stem.count), branches: tree.branches.map { take($0.inputs.count) })
    }
    return (placed, next)
  }
}

extension Transformer {
  func scores(
    _ trees: ArraySlice<TextTree>, _ weights: ParameterBuffer, _ arena: Arena
  ) -> [TokenScore] {
    precondition(
      trees.allSatisfy { $0.longest <= config.contextLength }, "a text is longer than the context")
    // Enough rows for the products to be fast, few enough for the memory to be small.
    var scores: [TokenScore] = []
    var start = trees.startIndex
    while start < trees.endIndex {
      var (end, rows) = (start + 1, trees[start].count)
      while end < trees.endIndex, rows + trees[end].count <= 1024 {
        rows += trees[end].count
        end += 1
      }
      scores += self.scores(ofPart: trees[start..<end], weights, arena)
      start = end
    }
    return scores
  }

  private func scores(
    ofPart trees: ArraySlice<TextTree>, _ weights: ParameterBuffer, _ arena: Arena
  ) -> [TokenScore] {
    arena.reset()
    let (places, count) = TreeRows.place(trees)
    var x = arena.matrix(count, config.width)
    var y = arena.matrix(count, config.width)
    var scored: [Int] = []
    var targets: [Int32] = []
    for (tree, place) in zip(trees, places) {
      embedding.forward(tree.stem, from: 0, into: x[rows: place.stem], weights)
      for (branch, rows) in zip(tree.branches, place.branches) {
        embedding.forward(branch.inputs, from: tree.stem.count, into: x[rows: rows], weights)
        for (row, target) in zip(rows, branch.targets) where target >= 0 {
          scored.append(row)
          targets.append(target)
        }
      }
    }
    for block in blocks {
      arena.scratch { block.forward(x, into: y, places, weights, arena) }
      swap(&x, &y)
    }
    let last = arena.matrix(scored.count, config.width)
    let normal = arena.matrix(scored.count, config.width)
    gather(x, rows: scored, into: last)
    _ = norm.forward(last, into: normal, weights, arena)
    return tokenScores(normal, table: weights[head], targets: targets, arena)
  }
}

extension TokenEmbedding {
  /// Writes x[n] = table[ids[n]] (+ positions[start + n]).
  func forward(_ ids: [Int32], from start: Int, into x: Matrix, _ weights: ParameterBuffer) {
    guard !ids.isEmpty else { return }
    embeddingForward(
      ids[...], table: weights[table],
      positions: positions.map { weights[$0][rows: start..<start + ids.count] },
      length: ids.count, into: x)
  }
}

extension TransformerBlock {
  /// Writes y.
  func forward(
    _ x: Matrix, into y: Matrix, _ trees: [TreeRows], _ weights: ParameterBuffer, _ arena: Arena
  ) {
    let normal = arena.matrix(x.rows, x.columns)
    let u = arena.matrix(x.rows, x.columns)
    arena.scratch {
      _ = attentionNorm.forward(x, into: normal, weights, arena)
      attention.forward(normal, into: u, trees, weights, arena)
      add(x, u, into: u)
    }
    let rows = BatchShape(sequences: 1, positions: x.rows)
    _ = feedForwardNorm.forward(u, into: normal, weights, arena)
    _ = feedForward.forward(normal, into: y, rows, weights, arena)
    add(u, y, into: y)
  }
}

extension Attention {
  /// Writes y. Keys and values of a stem are computed once; a branch attends to a copy of them.
  func forward(
    _ x: Matrix, into y: Matrix, _ trees: [TreeRows], _ weights: ParameterBuffer, _ arena: Arena
  ) {
    let qkv = arena.matrix(x.rows, projection.weight.rows)
    projection.forward(x, into: qkv, weights, arena)
    if let queryNorm, let keyNorm {
      let (q, k) = (qkv[columns: queryColumns], qkv[columns: keyColumns])
      arena.scratch {
        _ = queryNorm.forward(q, into: q, weights, arena)
        _ = keyNorm.forward(k, into: k, weights, arena)
      }
    }
    let o = arena.matrix(x.rows, heads * headWidth)
    for tree in trees {
      let stem = qkv[rows: tree.stem]
      let width = tree.branches.reduce(0) { max($0, $1.count) }
      arena.scratch {
        guard !tree.stem.isEmpty else {
          for rows in tree.branches { attend(qkv[rows: rows], into: o[rows: rows], arena) }
          return
        }
        let text = arena.matrix(tree.stem.count + width, qkv.columns)
        let out = arena.matrix(text.rows, o.columns)
        for rows in tree.branches {
          let end = tree.stem.count + rows.count
          copy(stem, into: text[rows: 0..<tree.stem.count])
          copy(qkv[rows: rows], into: text[rows: tree.stem.count..<end])
          attend(text[rows: 0..<end], into: out[rows: 0..<end], arena)
          copy(out[rows: tree.stem.count..<end], into: o[rows: rows])
        }
        copy(out[rows: 0..<tree.stem.count], into: o[rows: tree.stem])
      }
    }
    output.forward(o, into: y, weights, arena)
  }

  /// O of one text, whose queries and keys are rotated in place.
  private func attend(_ qkv: Matrix, into o: Matrix, _ arena: Arena) {
    let length = qkv.rows
    if let rotation {
      rotaryForward(qkv[columns: 0..<rotatedHeads * headWidth], table: rotation, length: length)
    }
    let shape = shape(BatchShape(sequences: 1, positions: length))
    arena.scratch {
      let statistics = arena.matrix(heads, 2 * length)
      causalAttentionForward(
        qkv, shape, 0..<shape.groups, into: o, statistics: statistics, arena)
    }
  }
}
