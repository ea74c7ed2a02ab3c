import Corpus
import Experiment
import Foundation
import Kernels
import Model
import Training

extension FuzzTarget {
  /// Weights, tokens and what they are compressed with.
  static func tensors(_ scratch: Scratch) throws -> [FuzzTarget] {
    var options = ModelOptions()
    (options.width, options.layers, options.heads, options.contextLength) = (4, 1, 1, 4)
    let layout = try ModelConfig(options, vocabularySize: 8).build().layout
    let buffer = ParameterBuffer(layout)
    let safetensors = FuzzTarget(
      "safetensors", seeds: [Array(try SafeTensors.encode([("", buffer)]))]
    ) { input in
      try SafeTensors.load([("", buffer)], from: try scratch.put(input, "t.safetensors"))
    }

    let bytes = try scratch.bytes { try Tokenizer.bytes.save(to: $0) }
    let trained = try BPETrainer.train(
      documents: [Array("the cat sat on the mat, the cat sat".utf8)], vocabularySize: 260)
    let tokenizer = FuzzTarget(
      "tokenizer", seeds: [bytes, try scratch.bytes { try trained.save(to: $0) }]
    ) { input in
      let tokenizer = try Tokenizer(contentsOf: try scratch.put(input, "tokenizer.json"))
      // An encoder's cache is large and slow to make: some inputs are enough.
      guard input.reduce(0, &+) % 8 == 0 else { return }
      var output: [Int32] = []
      tokenizer.encode(Array("the cat's 12 mats\n".utf8), into: &output)
    }

    var writer = ShardWriter(folder: scratch.folder, name: "s", vocabularySize: 300)
    try writer.append((0..<300).map { Int32($0) })
    let seed = Array(
      try Data(contentsOf: scratch.folder.appendingPathComponent(try writer.finish()[0].file)))
    let shard = FuzzTarget("shard", seeds: [seed]) { input in
      let tokens = try TokenSequence(
        opening: try scratch.put(input, "s.bin"), vocabularySize: 300)
      var output = [Int32](repeating: 0, count: tokens.count)
      tokens.copy(from: 0, count: tokens.count, into: &output, at: 0)
    }

    let text = Array(String(repeating: "the cat sat on the mat. ", count: 40).utf8)
    let gzip = FuzzTarget(
      "gzip",
      seeds: [Gzip.compress(text), Gzip.compress([]), Gzip.compress(text) + Gzip.compress([1])]
    ) { input in
      do { _ = try Gzip.decompress(input, limit: 4 * input.count + 65_536) } catch {
        throw Refusal()
      }
    }
    return [safetensors, tokenizer, shard, gzip, try checkpoint(scratch)]
  }

  /// config.json of a Hugging Face checkpoint, beside good weights and a good tokenizer.
  private static func checkpoint(_ scratch: Scratch) throws -> FuzzTarget {
    try Tokenizer.bytes.save(to: scratch.folder.appendingPathComponent("llama/tokenizer.json"))
    let config = """
      {"model_type": "llama", "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1,
      "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 2,
      "max_position_embeddings": 8, "vocab_size": 257, "rms_norm_eps": 1e-5, "rope_theta": 1e4,
      "hidden_act": "silu", "attention_bias": false, "tie_word_embeddings": true}
      """
    var options = ModelOptions()
    (options.family, options.width, options.layers, options.heads) = (.llama, 4, 1, 2)
    (options.keyValueHeads, options.hiddenWidth, options.contextLength) = (1, 8, 8)
    options.tiedEmbeddings = true
    let layout = try ModelConfig(options, vocabularySize: 257).build().layout
    _ = try scratch.put(
      Array(try SafeTensors.encode([("", ParameterBuffer(layout))])), "llama/model.safetensors")
    return FuzzTarget("llama", texts: [config]) { input in
      let file = try scratch.put(input, "llama/config.json")
      _ = try HuggingFaceCheckpoint(file.deletingLastPathComponent())
    }
  }
}
