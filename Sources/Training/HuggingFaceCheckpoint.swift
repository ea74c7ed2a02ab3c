import Corpus
import Experiment
import Foundation
import Kernels
import Model

/// A Llama as Hugging Face stores it: config.json, model.safetensors, tokenizer.json.
public struct HuggingFaceCheckpoint: Sendable {
  /// Its shape.
  public let config: ModelConfig
  /// Its weights.
  public let weights: ParameterBuffer
  /// Its tokenizer.
  public let tokenizer: Tokenizer

  /// What is read of config.json.
  fileprivate struct Config: Decodable {
    struct RotaryParameters: Decodable {
      let rope_theta: Double?
      let rope_type: String?
    }
    let model_type: String
    let hidden_size: Int
    let intermediate_size: Int
    let num_hidden_layers: Int
    let num_attention_heads: Int
    let num_key_value_heads: Int?
    let head_dim: Int?
    let max_position_embeddings: Int
    let vocab_size: Int
    let rms_norm_eps: Double?
    let rope_theta: Double?
    let rope_parameters: RotaryParameters?
    let rope_scaling: RotaryParameters?
    let hidden_act: String?
    let attention_bias: Bool?
    let mlp_bias: Bool?
    let tie_word_embeddings: Bool?
  }

  /// Whether `folder` looks like a checkpoint.
  public static func isCheckpoint(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent("config.json").path)
  }

  /// Reads the checkpoint in `folder`.
  ///
  /// - Throws: `UserError` that names the file and what of it is missing or not supported.
  public init(_ folder: URL) throws(UserError) {
    let url = folder.appendingPathComponent("config.json")
    let found = try StableJSON.decode(Config.self, from: url)
    if let what = found.unsupported {
      throw UserError(
        .badData, "not a model that can be read: \(what)", at: url.path,
        fix: "use a Llama with plain rotary positions, SiLU and no biases")
    }
    var options = ModelOptions()
    options.family = .llama
    options.contextLength = found.max_position_embeddings
    options.layers = found.num_hidden_layers
    options.width = found.hidden_size
    options.heads = found.num_attention_heads
    options.keyValueHeads = found.num_key_value_heads
    options.hiddenWidth = found.intermediate_size
    options.normEpsilon = found.rms_norm_eps ?? 1e-6
    options.ropeBase = found.rope_theta ?? found.rope_parameters?.rope_theta ?? 10_000
    options.tiedEmbeddings = found.tie_word_embeddings ?? false
    do throws(UserError) {
      config = try ModelConfig(options, vocabularySize: found.vocab_size)
    } catch {
      throw UserError(.badData, error.what, at: url.path, fix: error.fix)
    }
    tokenizer = try Tokenizer(contentsOf: folder.appendingPathComponent("tokenizer.json"))
    guard tokenizer.vocabularySize <= config.vocabularySize else {
      throw UserError(
        .badData,
        "the tokenizer has \(tokenizer.vocabularySize) tokens, the model \(config.vocabularySize)",
        at: folder.appendingPathComponent("tokenizer.json").path,
        fix: "use the tokenizer that the model was trained with")
    }
    let file = folder.appendingPathComponent("model.safetensors")
    // Before memory is taken for what config.json promises.
    let size = (try? file.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
    let parameters = ParameterCount(config).total
    guard size >= 4 * parameters else {
      throw UserError(
        .badData,
        "\(size) bytes cannot hold the \(parameters) parameters of config.json in 32 bits",
        at: file.path, fix: "get both files again, from the same model, in float32")
    }
    weights = ParameterBuffer(config.build().layout)
    try SafeTensors.load([("", weights)], from: file)
  }
}

extension HuggingFaceCheckpoint.Config {
  /// The first thing that this program does not do; nil if all is well.
  fileprivate var unsupported: String? {
    if model_type != "llama" { return "model_type is \(model_type)" }
    if attention_bias == true || mlp_bias == true { return "linear layers have biases" }
    if let hidden_act, hidden_act != "silu" { return "hidden_act is \(hidden_act)" }
    if let head_dim, head_dim * num_attention_heads != hidden_size {
      return "head_dim is \(head_dim), not hidden_size / num_attention_heads"
    }
    for type in [rope_scaling?.rope_type, rope_parameters?.rope_type] {
      if let type, type != "default" { return "rope_type is \(type)" }
    }
    return nil
  }
}
