/// One run of a grid and what it is for.
public struct GridCell: Sendable, Equatable {
  /// The run, complete.
  public let config: RunConfig
  /// Its id, the name of its folder.
  public let id: String
  /// What it is for.
  public let role: Role

  /// All fields, in order.
  public init(config: RunConfig, id: String, role: Role) {
    self.config = config
    self.id = id
    self.role = role
  }
}

extension GridConfig {
  /// Every run of the grid, complete, in the order of the file.
  ///
  /// - Parameters:
  ///   - manifests: the grid's corpora by name
  ///   - taskFiles: SHA-256 of what lies at each path of `evaluation.tasks`
  /// - Throws: `UserError` of kind `badConfig` with a key path as its location.
  public func resolve(
    corpora manifests: [String: CorpusManifest], taskFiles: [String: String] = [:]
  ) throws(UserError) -> [GridCell] {
    var configs: [RunConfig] = []
    for axes in try listed() {
      var config = try config(axes, manifests)
      config.evaluation.taskFiles = taskFiles.isEmpty ? nil : taskFiles
      config.evaluation.corpora = try others(beside: axes.corpus, manifests)
      configs.append(config)
    }
    configs.removeAll { config in (exclude ?? []).contains { $0.matches(config) } }
    guard !configs.isEmpty else {
      throw UserError(
        .badConfig, "the grid has no runs", at: "name",
        fix: "give tokenMultipliers, tokens or flops at the top or under zip, and exclude less")
    }
    try checkRoles(configs)
    var cells: [GridCell] = []
    var seen: Set<String> = []
    for config in configs {
      let id: String
      do { id = try config.id } catch { throw UserError(.failure, "\(error)") }
      guard seen.insert(id).inserted else {
        throw UserError(
          .badConfig, "the run \(config.label) on \(config.corpus) is listed twice", at: "zip",
          fix: "remove it, or give the second one another seed")
      }
      cells.append(GridCell(config: config, id: id, role: try role(of: config)))
    }
    return cells
  }

  /// Fingerprints of the corpora, but for `own`, that runs on `own` are measured on; nil without.
  private func others(
    beside own: String, _ manifests: [String: CorpusManifest]
  ) throws(UserError) -> [String: String]? {
    let named = evaluation?.corpora?.values ?? []
    var fingerprints: [String: String] = [:]
    for (name, manifest) in manifests where name != own {
      guard manifest.tokenizerSHA256 == manifests[own]?.tokenizerSHA256 else {
        guard named.contains(name) else { continue }
        throw UserError(
          .badConfig, "the corpora \(name) and \(own) have different tokenizers",
          at: "evaluation.corpora",
          fix: "make \(name) with `tokenizer: {corpus: \(own), …}`, or leave it out")
      }
      fingerprints[name] = manifest.fingerprint
    }
    return fingerprints.isEmpty ? nil : fingerprints
  }

  private struct Axes {
    let size: String
    let horizon: Horizon
    let corpus: String
    let replicate: Int
  }

  private func listed() throws(UserError) -> [Axes] {
    var list: [Axes] = []
    let corpora = self.corpora.values
    let replicates = seeds?.values ?? [0]
    let names = sizes?.values ?? model.sizes.keys.sorted()
    for horizon in try horizons(tokenMultipliers, tokens, flops, at: "tokenMultipliers") {
      for corpus in corpora {
        for size in names {
          for replicate in replicates {
            list.append(
              Axes(size: size, horizon: horizon, corpus: corpus, replicate: replicate))
          }
        }
      }
    }
    for group in zip ?? [] {
      let ends = try horizons(group.tokenMultiplier, group.tokens, group.flops, at: "zip")
      let groupCorpora = group.corpus?.values ?? corpora
      let groupSeeds = group.seed?.values ?? [0]
      let lengths = [group.size.values.count, ends.count, groupCorpora.count, groupSeeds.count]
      let length = lengths.max() ?? 0
      guard lengths.allSatisfy({ $0 == 1 || $0 == length }) else {
        throw UserError(
          .badConfig, "lists of \(lengths.map(String.init).joined(separator: ", ")) values",
          at: "zip", fix: "size, horizon, corpus and seed of a group need one length, or one value")
      }
      func pick<T>(_ values: [T], _ i: Int) -> T { values[values.count == 1 ? 0 : i] }
      for i in 0..<length {
        list.append(
          Axes(
            size: pick(group.size.values, i), horizon: pick(ends, i),
            corpus: pick(groupCorpora, i), replicate: pick(groupSeeds, i)))
      }
    }
    return list
  }

  private func horizons(
    _ multipliers: OneOrMany<Double>?, _ tokens: OneOrMany<Int>?, _ flops: OneOrMany<Double>?,
    at location: String
  ) throws(UserError) -> [Horizon] {
    let all: [Horizon] =
      (multipliers?.values ?? []).map { .tokenMultiplier($0) }
      + (tokens?.values ?? []).map { .tokens($0) } + (flops?.values ?? []).map { .flops($0) }
    for horizon in all {
      let (name, value) =
        switch horizon {
        case .tokenMultiplier(let m): ("a token multiplier", m)
        case .tokens(let d): ("a token count", Double(d))
        case .flops(let c): ("a FLOP budget", c)
        }
      guard value > 0, value.isFinite else {
        throw UserError(
          .badConfig, "\(name) of \(value)", at: location, fix: "it must be above zero")
      }
    }
    return all
  }

  private func config(
    _ axes: Axes, _ manifests: [String: CorpusManifest]
  ) throws(UserError) -> RunConfig {
    guard let size = model.sizes[axes.size] else {
      throw UserError(
        .badConfig, "there is no size \"\(axes.size)\"", at: "model.sizes",
        fix: "the sizes are \(model.sizes.keys.sorted().joined(separator: ", "))")
    }
    // It becomes part of a folder's name.
    guard axes.size.isPlainFileName else {
      throw UserError(
        .badConfig, "the size \"\(axes.size)\" is a path or hidden", at: "model.sizes",
        fix: "use letters, digits, - and _")
    }
    guard let manifest = manifests[axes.corpus] else {
      throw UserError(
        .missingInput, "there is no corpus \"\(axes.corpus)\"", at: "corpora",
        fix: "make it first: overtrain data configs/corpora/\(axes.corpus).yaml")
    }
    // Overrides match on size, horizon, corpus and seed, which the first pass already has.
    let plain = try build(axes, size.over(model.common), training ?? .init(), manifest)
    let matching = (overrides ?? []).filter { $0.match.matches(plain) }
    if matching.isEmpty { return plain }
    return try build(
      axes, matching.reduce(size.over(model.common)) { ($1.model ?? .init()).over($0) },
      matching.reduce(training ?? .init()) { ($1.training ?? .init()).over($0) }, manifest)
  }

  private func build(
    _ axes: Axes, _ modelOptions: ModelOptions, _ trainingOptions: TrainingOptions,
    _ manifest: CorpusManifest
  ) throws(UserError) -> RunConfig {
    do throws(UserError) {
      let model = try ModelConfig(modelOptions, vocabularySize: manifest.vocabularySize)
      let count = ParameterCount(model).total
      let (horizon, multiplier): (Double, Double?) =
        switch axes.horizon {
        case .tokenMultiplier(let m): (m * Double(count), m)
        case .tokens(let d): (Double(d), nil)
        case .flops(let c): (c / model.trainingFLOPsPerToken, nil)
        }
      guard horizon < 1e15 else {
        throw UserError(
          .badConfig, "a horizon of \(horizon) tokens", fix: "give a smaller horizon")
      }
      let training = try TrainingConfig(
        trainingOptions, model: model, parameters: count, horizon: Int(horizon.rounded()))
      let defaults = EvaluationConfig()
      for (name, value) in [
        ("validationTokens", evaluation?.validationTokens ?? 1),
        ("outOfDistributionTokens", evaluation?.outOfDistributionTokens ?? 1),
        ("itemsPerTask", evaluation?.itemsPerTask ?? 1),
      ] where !(1...1_000_000_000).contains(value) {
        throw UserError(
          .badConfig, "\(name) is \(value)", at: "evaluation.\(name)",
          fix: "use a whole number from 1 to 1e9")
      }
      let validationTokens = evaluation?.validationTokens ?? defaults.validationTokens
      return RunConfig(
        corpus: axes.corpus, corpusFingerprint: manifest.fingerprint, size: axes.size,
        model: model, training: training,
        evaluation: EvaluationConfig(
          validationTokens: validationTokens,
          outOfDistributionTokens: evaluation?.outOfDistributionTokens
            ?? max(1, validationTokens / 4),
          tasks: evaluation?.tasks?.values ?? defaults.tasks,
          itemsPerTask: evaluation?.itemsPerTask ?? defaults.itemsPerTask),
        tokenMultiplier: multiplier, replicate: axes.replicate,
        seed: Seeds.derive(
          seed ?? 1, "\(axes.corpus)/\(axes.size)/\(axes.horizon)/\(axes.replicate)"))
    } catch {
      throw UserError(
        error.kind, error.what, at: error.location ?? "model.sizes.\(axes.size)", fix: error.fix)
    }
  }

  private func role(of config: RunConfig) throws(UserError) -> Role {
    let matching = (roles?.all ?? []).filter { _, matches in
      matches.contains { $0.matches(config) }
    }
    guard matching.count <= 1 else {
      throw UserError(
        .badConfig, "\(config.label) has several roles", at: "roles",
        fix: "leave it in one of \(matching.map(\.0.rawValue).joined(separator: ", "))")
    }
    return matching.first?.0 ?? .validate
  }

  private func checkRoles(_ configs: [RunConfig]) throws(UserError) {
    for (role, matches) in roles?.all ?? [] {
      for match in matches where !configs.contains(where: match.matches) {
        throw UserError(
          .badConfig, "\(match.name) matches no run", at: "roles.\(role.rawValue)",
          fix: "the runs are \(configs.map(\.label).joined(separator: ", "))")
      }
    }
  }
}
