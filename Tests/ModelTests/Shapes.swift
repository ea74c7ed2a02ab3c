import Experiment

/// A small model; what the options leave out has small defaults.
func model(
  family: ModelConfig.Family = .llama, layers: Int = 2, width: Int = 16, heads: Int = 2,
  keyValueHeads: Int? = nil, hidden: Int? = nil, vocabulary: Int = 27, context: Int = 9,
  norm: ModelConfig.Norm? = nil, qkNorm: ModelConfig.QKNorm = .none,
  positions: ModelConfig.Positions? = nil, feedForward: ModelConfig.FeedForward? = nil,
  biases: Bool? = nil, tied: Bool = true
) throws -> ModelConfig {
  var options = ModelOptions()
  options.family = family
  options.layers = layers
  options.width = width
  options.heads = heads
  options.keyValueHeads = keyValueHeads
  options.hiddenWidth = hidden
  options.contextLength = context
  options.norm = norm
  options.qkNorm = qkNorm
  options.positions = positions
  options.feedForward = feedForward
  options.biases = biases
  options.tiedEmbeddings = tied
  return try ModelConfig(options, vocabularySize: vocabulary)
}

/// One of each kind of choice, in both families.
func variety() throws -> [ModelConfig] {
  [
    try model(),
    try model(heads: 4, keyValueHeads: 2, qkNorm: .perHead),
    try model(width: 12, norm: .gainOnlyLayerNorm, qkNorm: .fullWidth, tied: false),
    try model(width: 24, heads: 1, keyValueHeads: 1, context: 21, biases: true),
    try model(heads: 4, keyValueHeads: 1, norm: .layerNorm, qkNorm: .perHead, biases: true),
    try model(family: .gpt2, width: 8, hidden: 20),
    try model(family: .gpt2, norm: .rmsNorm, positions: .rotary, biases: false, tied: false),
    try model(family: .gpt2, width: 12, heads: 3, qkNorm: .fullWidth, feedForward: .swiglu),
  ]
}

/// A batch of tokens that look random; every fifth is not scored.
func batch(_ config: ModelConfig, sequences: Int, positions: Int, seed: UInt64 = 1) -> TokenBatch {
  var source = RandomSource(seed: seed)
  var batch = TokenBatch(sequences: sequences, positions: positions)
  for i in 0..<batch.count {
    batch.inputs[i] = Int32(source.integer(below: config.vocabularySize))
    batch.targets[i] = i % 5 == 4 ? -1 : Int32(source.integer(below: config.vocabularySize))
  }
  return batch
}
