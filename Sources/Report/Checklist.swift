import Experiment
import Foundation
import ScalingLaws

/// A named fact.
struct Fact {
  let name: String
  let value: String
}

extension ReportContents {
  /// What a reader needs to judge or repeat a fit: the checklist of (Mis)Fitting (Li et al. 2025,
  /// arXiv 2502.18969), short.
  var checklist: [Fact] {
    var facts: [Fact] = []
    let points = data.points.filter { $0.role == .fit }
    if let fit {
      facts.append(
        Fact(
          name: "Law", value: "\(fit.options.law.rawValue): \(fit.options.law.formula), all ≥ 0"))
    }
    if let range = span(points.map(\.parameters)), let ms = span(points.map(\.tokenMultiplier)) {
      facts.append(
        Fact(
          name: "Fitted on",
          value: "\(points.count) runs, N \(range), M \(ms); final weights, no checkpoints"))
    }
    facts.append(
      Fact(
        name: "N and C",
        value: "N counts \(data.parameterConvention) parameters; C = 6·N·D; M = D/N"))
    facts.append(
      Fact(
        name: "Loss",
        value: "nats per token on \(data.set ?? "the validation set of the file")"))
    if let config = records.first?.config {
      let t = config.training
      facts.append(
        Fact(
          name: "Recipe",
          value:
            "\(config.model.family.rawValue), \(config.model.tiedEmbeddings ? "tied" : "untied")"
            + " head, V \(config.model.vocabularySize), T \(config.model.contextLength); AdamW"
            + " β \(t.beta1)/\(t.beta2), weight decay \(t.weightDecay), clip \(t.gradientClip),"
            + " z-loss \(t.zLoss), \(t.schedule.rawValue)"))
      if let rates = span(records.map(\.config.training.peakLearningRate)),
        let batches = span(records.map { Double($0.config.training.batchTokens) })
      {
        facts.append(
          Fact(name: "Rate and batch", value: "peak \(rates), \(batches) tokens per step"))
      }
    }
    if let fit {
      facts += [
        Fact(
          name: "Objective",
          value: "\(fit.options.objective.rawValue), equal weights; the optimum is global over a"
            + " grid of exponents (variable projection), with no start values"),
        Fact(
          name: "Intervals",
          value: "\(Int((100 * fit.options.level).rounded())) % for a new run: \(fit.options.draws)"
            + " parametric bootstrap refits with the noise drawn too;"
            + (fit.inflation.comparisons == 0
              ? " too few runs to measure κ"
              : " widened by κ = \(Numbers.significant(fit.inflation.factor, 3)), measured on"
                + " \(fit.inflation.comparisons) predictions of dearer fit runs from cheaper ones")),
        Fact(
          name: "Goodness",
          value: "residual SD \(residual(fit)), n − p = \(fit.degreesOfFreedom), condition number"
            + " \(Numbers.significant(fit.conditionNumber, 2))"),
      ]
    }
    if let noise = data.seedNoise {
      facts.append(
        Fact(
          name: "Noise",
          value: "\(Numbers.percent(noise.sd)) of the loss between seeds,"
            + " \(noise.degreesOfFreedom) degrees of freedom"))
    }
    if let lack = fit?.lackOfFit {
      facts.append(
        Fact(
          name: "Lack of fit",
          value: "F = \(Numbers.significant(lack.ratio, 3)) with \(lack.degrees[0]) and"
            + " \(lack.degrees[1]) degrees of freedom, p = \(Numbers.significant(lack.pValue, 2))"))
    }
    if let pool = fit?.pool, !pool.isEmpty {
      facts.append(
        Fact(name: "Exponent shared with", value: pool.map(\.source).joined(separator: ", ")))
    }
    let left = data.excluded.map { "\($0.run) (\($0.reason))" }.joined(separator: "; ")
    facts.append(Fact(name: "Left out", value: left.isEmpty ? "nothing" : left))
    return facts
  }

  /// The corpus: sizes, sources, licences, and what is left of duplicates.
  var corpusFacts: [Fact] {
    guard let corpus else { return [] }
    var facts = [
      Fact(
        name: corpus.name,
        value:
          "vocabulary \(corpus.vocabularySize), \(Numbers.short(Double(corpus.trainingTokens)))"
          + " training tokens, fingerprint \(corpus.fingerprint)")
    ]
    for set in corpus.sets {
      let left = corpus.nearDuplicatesLeft[set.name].map {
        ", \(Numbers.percent($0, 2)) of its paragraphs still share an n-gram with training text"
      }
      facts.append(
        Fact(
          name: set.name,
          value: "\(set.documents) documents, \(Numbers.short(Double(set.bytes))) bytes,"
            + " \(Numbers.short(Double(set.tokens))) tokens\(left ?? "")"))
    }
    for source in corpus.sources {
      facts.append(
        Fact(
          name: "\(source.name) \(source.version)",
          value: "\(source.documents) documents, \(Numbers.short(Double(source.bytes))) bytes,"
            + " \(source.licence)"))
    }
    return facts
  }

  private func residual(_ fit: Fit) -> String {
    fit.residualSD.map {
      fit.options.objective.isRelative
        ? Numbers.percent($0) : "\(Numbers.significant($0, 2)) nats"
    } ?? "undefined"
  }
}

/// `10.6M to 412M`, or one value where all agree.
private func span(_ values: [Double]) -> String? {
  guard let low = values.min(), let high = values.max() else { return nil }
  return low == high ? Numbers.short(low) : "\(Numbers.short(low)) to \(Numbers.short(high))"
}
