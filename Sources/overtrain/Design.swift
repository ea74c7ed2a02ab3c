import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain design`.
struct DesignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "design",
    abstract: "Which runs to train for a prediction: cost and promised precision, in advance.",
    discussion: """
      Takes a law as known (of a fit, or --prior) and a noise, and prints for several sets of runs \
      what their fit could promise; with --budget also the best set that the budget buys, run by \
      run. A law that bends adds to that: promise no less.

      Example:
        overtrain design data/fits/demo --sizes 1e7,8e7,4e8 --multipliers 20,80,320 \
          --target 1.4e9:640 --target 7e9:20 --budget 1e20
        overtrain design --prior 1.84,166,287,0.273 --sigma 0.01 --sizes 1e7,8e7 \
          --multipliers 20,320 --target 7e9:20
      """)

  @Argument(help: "Folder of a fit of the over-training law.") var fit: String?
  @Option(help: "E,A,B,alpha of a law to take as known instead.") var prior: String?
  @Option(help: "Parameters of the sizes, e.g. 1e7,8e7,4e8.") var sizes: String
  @Option(help: "Tokens per parameter, e.g. 20,80,320.") var multipliers: String
  @Option(help: "N:M of a run to predict, as often as needed.") var target: [String]
  @Option(help: "Relative noise of a run's loss; without it, the fit's residual SD.")
  var sigma: Double?
  @Option(help: "FLOPs (6·N·D) that may be spent: the best design within is searched for.")
  var budget: Double?
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let (law, sigma) = try known()
    let targets = try target.map { text in
      let pair = try numbers(text, separator: ":")
      guard pair.count == 2 else {
        throw UserError(.usage, "target \(text)", fix: "write N:M, e.g. 7e9:20")
      }
      return SIMD2(pair[0], pair[0] * pair[1])
    }
    let (ns, ms) = (
      try numbers(sizes, separator: ","), try numbers(multipliers, separator: ",")
    )
    let best = budget.flatMap {
      Design.best(
        sizes: ns, multipliers: ms, budget: $0, law, sigma: sigma, targets: targets)
    }
    let designs = Design.candidates(sizes: ns, multipliers: ms) + [best].compactMap(\.self)
    let promises = designs.map { $0.promise(law, sigma: sigma, targets: targets) }
    if json { return try printJSON(promises) }
    var columns = ["runs", "n", "FLOPs", "SD of E", "SD of α"]
    columns += target.map { "SD at \($0)" }
    var table = Table(columns: columns + [""])
    for promise in promises {
      let isDear = budget.map { promise.compute > $0 } ?? false
      var cells = [promise.name, "\(promise.runs)", Numbers.scientific(promise.compute)]
      for sd in [promise.floorSD, promise.exponentSD] {
        cells.append(sd.map { Numbers.significant($0, 2) } ?? "–")
      }
      for index in target.indices {
        let known = index < promise.predictionSD.count
        cells.append(known ? Numbers.percent(promise.predictionSD[index]) : "–")
      }
      cells.append(
        promise.floorSD == nil ? "A and B not separable" : isDear ? "over budget" : "")
      table.add(cells)
    }
    print(table.rendered)
    if let best {
      let runs = best.runs.map {
        "\(Numbers.short($0.x)) × \(Numbers.multiplier($0.y / $0.x))"
      }
      print("\nbest within the budget, N × M: \(runs.joined(separator: ", "))")
    } else if let budget {
      print("\nno set of these runs that costs \(Numbers.scientific(budget)) fixes the law")
    }
    print(
      "\nnoise \(Numbers.percent(sigma)) taken as known; SD of the law, one run's noise not in it")
  }

  /// The law and the noise that are taken as known.
  private func known() throws -> (OverTrainingLaw, Double) {
    var law: OverTrainingLaw?
    var noise = sigma
    if let prior {
      let numbers = prior.split(separator: ",").compactMap { Double($0) }
      guard numbers.count == 4, numbers[0] >= 0, numbers.dropFirst().allSatisfy({ $0 > 0 }) else {
        throw UserError(.usage, "--prior \(prior)", fix: "write E,A,B,alpha: 1.84,166,287,0.273")
      }
      law = OverTrainingLaw(E: numbers[0], A: numbers[1], B: numbers[2], alpha: numbers[3])
    } else if let path = fit {
      let fit = try Fit.read(URL(fileURLWithPath: path))
      law = fit.lossLaw as? OverTrainingLaw
      guard law != nil else {
        throw UserError(
          .usage, "the fit is of the \(fit.options.law.rawValue) law",
          fix: "fit the over-training law")
      }
      if fit.options.objective.isRelative { noise = noise ?? fit.residualSD }
    }
    guard let law else {
      throw UserError(.usage, "no law to take as known", fix: "name a fit, or give --prior")
    }
    guard let noise, noise > 0 else {
      throw UserError(.usage, "the noise is not known", fix: "give --sigma 0.003")
    }
    return (law, noise)
  }

  private func numbers(_ text: String, separator: Character) throws -> [Double] {
    try text.split(separator: separator).map {
      guard let value = Double($0), value > 0, value.isFinite else {
        throw UserError(.usage, "\"\($0)\" is not a positive number", fix: "write e.g. 1e7,8e7")
      }
      return value
    }
  }
}
