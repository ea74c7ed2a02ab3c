import Experiment
import Foundation
import ScalingLaws

extension ReportContents {
  /// What a reader needs to judge or repeat the fit; of runs without a fit, what they are.
  var checklist: [Fact] {
    if let fit { return fit.checklist }
    return [
      Fact(
        name: "Runs",
        value: "\(data.points.count) of \(data.source), \(data.excluded.count) left out"),
      Fact(
        name: "N and FLOPs",
        value: "N counts \(data.parameterConvention) parameters; C = 6·N·D; M = D/N"),
      Fact(
        name: "Metric", value: "loss in nats per token on \(data.set ?? "the set of the file")"),
    ]
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
}
