import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain explain`.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "From a number of a report back to the runs, configs and objective that made it.",
    discussion: """
      NUMBER is a figure as it stands in a report, fit.json or predictions.json (1.7358, 0.84 %, \
      20.1k, 1.1e12), or words of its name (alpha, e20). FIT is the folder of a fit; without it, \
      every fit in data/fits is searched.

      Example:
        overtrain explain 1.7358 data/fits/demo
        overtrain explain "0.84 %"
        overtrain explain mStar data/fits/demo --json
      """)

  @Argument(help: "The number, or words of its name.") var number: String
  @Argument(help: "Folder of a fit, or its fit.json.", completion: .directory) var fit: String?
  @Option(help: "Explain at most so many figures.") var limit = 8
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    var answers: [Explanation] = []
    for place in try places() {
      let fit = try Fit.read(place)
      let all = fit.figures
      let words = number.lowercased().split(separator: " ")
      let found =
        FigureQuery(number).map { all.matching($0) }
        ?? all.filter { figure in words.allSatisfy { figure.name.lowercased().contains($0) } }
      answers += found.map { Explanation(fit, $0, place: place.relativePath) }
    }
    guard !answers.isEmpty else {
      throw UserError(
        .badData, "no figure of \(fit ?? "data/fits") is \(number)",
        fix: "write it with the digits that the report shows, or words of its name such as alpha")
    }
    if json { return try printJSON(answers) }
    for answer in answers.prefix(limit) { print(answer.text + "\n") }
    if answers.count > limit {
      print("\(answers.count - limit) more figures are \(number) (--limit shows more):")
      for answer in answers.dropFirst(limit) { print("  \(answer.name) = \(answer.value)") }
    }
  }

  private func places() throws -> [URL] {
    if let fit { return [URL(fileURLWithPath: fit)] }
    let folder = URL(fileURLWithPath: "data/fits")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let fits = names.sorted().map(folder.appendingPathComponent).filter {
      FileManager.default.fileExists(atPath: $0.appendingPathComponent("fit.json").path)
    }
    guard !fits.isEmpty else {
      throw UserError(
        .missingInput, "no fit here", at: folder.relativePath,
        fix: "name one: overtrain explain NUMBER FIT")
    }
    return fits
  }
}

/// A figure with all that made it.
private struct Explanation: Encodable {
  /// A run behind it.
  struct Row: Encodable {
    let run: String
    let role: Role
    let parameters: Double
    let tokens: Double
    let loss: Double?
    let error: Double?
    let residual: Double?
    let readFrom: String?
    let config: String?
  }

  let name: String
  let value: Double
  let derivation: String
  let fit: String
  let law: LawKind
  let objective: Objective
  let objectiveValue: Double
  let coefficients: [String: Double]
  let source: String
  let sourceDigest: String?
  let sourceState: String
  let inputHash: String
  let rows: [Row]

  init(_ fit: Fit, _ figure: Figure, place: String) {
    name = figure.name
    value = figure.value
    derivation = figure.derivation
    self.fit = place
    law = fit.options.law
    objective = fit.options.objective
    objectiveValue = fit.objectiveValue
    coefficients = Dictionary(fit.coefficients.map { ($0.name, $0.value) }) { $1 }
    source = fit.data.source
    sourceDigest = fit.data.sourceDigest
    sourceState = fit.data.sourceState
    inputHash = (try? FrozenPrediction.inputHash(of: fit)) ?? ""
    let named = Set(figure.runs)
    rows = fit.data.points.filter { named.contains($0.run) }.map { point in
      Row(
        run: point.run, role: point.role, parameters: point.parameters, tokens: point.tokens,
        loss: point.loss, error: point.error,
        residual: point.loss.map {
          $0 / fit.lossLaw.loss(parameters: point.parameters, tokens: point.tokens) - 1
        }, readFrom: point.location, config: point.config)
    }
  }

  var text: String {
    var table = Table(columns: [
      "run", "role", "N", "D", "loss", "off the law", "error", "read from", "config",
    ])
    for row in rows {
      table.add([
        row.run, row.role.rawValue, Numbers.short(row.parameters), Numbers.short(row.tokens),
        row.loss.map { Numbers.fixed($0, 4) } ?? "–",
        row.residual.map { Numbers.percent($0) } ?? "–",
        row.error.map { Numbers.fixed($0, 4) } ?? "–", row.readFrom ?? "", row.config ?? "",
      ])
    }
    let known = coefficients.sorted { $0.key < $1.key }
      .map { "\($0.key) \(Numbers.significant($0.value, 5))" }.joined(separator: ", ")
    let digest = sourceDigest.map { ", SHA-256 \($0) (\(sourceState))" } ?? ""
    return """
      \(name) = \(value)
        \(derivation)
        fit \(fit): \(law.rawValue) law, \(objective.rawValue) objective, which is \
      \(objectiveValue) there; inputs and options SHA-256 \(inputHash)
        with \(known)
        runs of \(source)\(digest)
      """ + (rows.isEmpty ? "" : "\n" + table.rendered)
  }
}
