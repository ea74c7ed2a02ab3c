import Experiment
import Kernels
import Model
import Testing

@Suite struct LanguageModelTests {
  @Test func layoutHasAsManyElementsAsCounted() throws {
    for config in try variety() {
      #expect(config.build().layout.count == ParameterCount(config).total, "\(config)")
    }
  }

  @Test func startsAsDeclared() throws {
    let config = try model(width: 64, heads: 4, vocabulary: 512, norm: .layerNorm)
    let model = config.build()
    let (a, b) = (ParameterBuffer(model.layout), ParameterBuffer(model.layout))
    model.initialize(a, seed: 1)
    model.initialize(b, seed: 1)
    #expect(a.data == b.data)
    model.initialize(b, seed: 2)
    #expect(a.data != b.data)
    for parameter in model.layout.parameters {
      let values = a.values(of: parameter)
      switch parameter.start {
      case .zeros: #expect(values.allSatisfy { $0 == 0 })
      case .ones: #expect(values.allSatisfy { $0 == 1 })
      case .normal: Issue.record("not in this family")
      case .truncatedNormal(let deviation):
        let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
        let square = values.reduce(0) { $0 + Double($1 * $1) } / Double(values.count)
        #expect(abs(mean) < 4 * Double(deviation) / Double(values.count).squareRoot())
        // 0.9866 is the deviation of a normal number that is cut at three.
        #expect(abs(square.squareRoot() / Double(deviation) / 0.9866 - 1) < 0.06)
        #expect(values.allSatisfy { abs($0) <= 3 * deviation })
      }
    }
    let deviations = model.layout.parameters.compactMap { parameter -> Float? in
      guard case .truncatedNormal(let deviation) = parameter.start,
        parameter.name.hasSuffix("o_proj.weight")
      else { return nil }
      return deviation
    }
    #expect(deviations.map { ($0 * 8 * 1000).rounded() } == [707, 500])
  }

  @Test func scoresAreTheLossThatIsTrained() throws {
    for config in try variety() {
      let model = config.build()
      let weights = ParameterBuffer(model.layout)
      let arena = Arena()
      model.initialize(weights, seed: 5)
      let batch = batch(config, sequences: 3, positions: 9)
      let scores = model.scores(trees(batch)[...], weights, arena)
      let sum = model.backpropagate(
        batch, weights, addingTo: ParameterBuffer(model.layout), scale: 1, zLoss: 0, arena)
      let total = scores.reduce(0) { $0 + Double($1.loss) }
      #expect(abs(total / sum.crossEntropy - 1) < 1e-5)
      #expect(sum.tokens == batch.targets.count { $0 >= 0 } && sum.tokens == scores.count)
    }
  }

  @Test func arenaHoldsNoStateAndStopsGrowing() throws {
    for config in try variety() {
      let model = config.build()
      let weights = ParameterBuffer(model.layout)
      model.initialize(weights, seed: 6)
      let arena = Arena()
      var results: [[Float]] = []
      for _ in 0..<3 {
        let gradients = ParameterBuffer(model.layout)
        for sequences in [4, 1, 2] {
          _ = model.backpropagate(
            batch(config, sequences: sequences, positions: 12 - 3 * (sequences % 3)), weights,
            addingTo: gradients, scale: 1, zLoss: 1e-4, arena)
        }
        results.append(model.layout.parameters.flatMap { gradients.values(of: $0) })
      }
      #expect(results[0] == results[1] && results[1] == results[2])
    }
  }

  /// A run that has blown up is known by its loss: no kernel may swallow a NaN, or a logit that
  /// overflows.
  @Test func lossShowsEveryNaN() throws {
    for config in try variety() {
      let model = config.build()
      let (weights, arena) = (ParameterBuffer(model.layout), Arena())
      let batch = batch(config, sequences: 2, positions: 9)
      func loss() -> Double {
        model.backpropagate(
          batch, weights, addingTo: ParameterBuffer(model.layout), scale: 1, zLoss: 0, arena
        ).crossEntropy
      }
      for parameter in model.layout.parameters {
        model.initialize(weights, seed: 8)
        #expect(loss().isFinite)
        // The row of a table that the first token reads; the last column, in no whole vector.
        let row = parameter.name.hasPrefix("model.embed_tokens") ? Int(batch.inputs[0]) : 0
        weights[parameter][row, parameter.columns - 1] = .nan
        #expect(loss().isNaN, "NaN in \(parameter.name)")
      }
      model.initialize(weights, seed: 8)
      guard let head = model.layout.parameters.first(where: { $0.name == "lm_head.weight" })
      else { continue }
      weights[head].fill(.greatestFiniteMagnitude)
      #expect(!loss().isFinite)
    }
  }

  /// Bit for bit, so that an evaluation does not depend on how it is cut into batches.
  @Test(arguments: [16, 24, 48, 64, 128])
  func scoresOfASequenceDoNotDependOnTheBatch(_ width: Int) throws {
    let config = try model(
      width: width, heads: width / 8, vocabulary: 256, context: 64, qkNorm: .perHead)
    let model = config.build()
    let weights = ParameterBuffer(model.layout)
    model.initialize(weights, seed: 7)
    let arena = Arena()
    for positions in [64, 37] {
      let many = trees(batch(config, sequences: 9, positions: positions))
      let together = model.scores(many[...], weights, arena)
      let alone = many.indices.flatMap { model.scores(many[$0..<$0 + 1], weights, arena) }
      #expect(alone == together, "\(positions) positions")
    }
  }

  /// Every branch scores as it does alone behind its stem, bit for bit, whatever is beside it.
  @Test func sharedStemsDoNotChangeScores() throws {
    for config in try variety() {
      let model = config.build()
      let weights = ParameterBuffer(model.layout)
      model.initialize(weights, seed: 8)
      let arena = Arena()
      for stem in [0, 1, 5] {
        let ids = batch(config, sequences: 1, positions: 9)
        let branches = [4, 1, 3].map { count in
          TextTree.Branch(
            inputs: Array(ids.inputs[(9 - count)...]), targets: Array(ids.inputs[..<count]))
        }
        let tree = TextTree(stem: Array(ids.inputs[..<stem]), branches: branches)
        let shared = model.scores([tree, tree], weights, arena)
        let alone = branches.flatMap { branch in
          model.scores(
            [
              TextTree(
                stem: [],
                branches: [
                  .init(
                    inputs: tree.stem + branch.inputs,
                    targets: Array(repeating: -1, count: stem) + branch.targets)
                ])
            ], weights, arena)
        }
        #expect(shared == alone + alone)
      }
    }
  }

  /// Each sequence of a batch as a tree of its own.
  private func trees(_ batch: TokenBatch) -> [TextTree] {
    (0..<batch.sequences).map { sequence in
      let range = sequence * batch.positions..<(sequence + 1) * batch.positions
      return TextTree(
        stem: [],
        branches: [
          .init(inputs: Array(batch.inputs[range]), targets: Array(batch.targets[range]))
        ])
    }
  }
}
