import ArgumentParser
import Experiment
import Foundation
import Report
import ScalingLaws

/// `overtrain isoflop`.
struct IsoFLOPCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "isoflop",
    abstract: "The optimal size by compute, from parabolas through runs of equal compute.",
    discussion: """
      Hoffmann et al.'s approach 2: per compute the minimum of a parabola of loss in ln N, then the \
      line of ln N* on ln C. --interpolate reads the losses at equal compute off a grid that has \
      none, between each size's own runs.

      Example:
        overtrain isoflop runs.csv --compute 1e21
        overtrain isoflop c4.csv --interpolate
      """)

  @Argument(help: "Folder of runs, or CSV file.") var runs: String
  @Flag(help: "Interpolate each size's loss in compute.") var interpolate = false
  @Option(help: "Computes to interpolate at.") var count = 8
  @Option(help: "Say N* and D* at this compute, FLOPs.") var compute: Double?
  @Option(help: "Level of the interval.") var level = 0.9
  @Option(help: "Also draw the parabolas as SVG.") var svg: String?
  @OptionGroup var selection: RunSelection
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    guard count >= 2 else { throw UserError(.usage, "\(count) computes", fix: "--count 8") }
    let data = try selection.data(URL(fileURLWithPath: runs))
    let analysis =
      interpolate
      ? try IsoFLOPAnalysis(interpolating: data, computes: count, level: level)
      : try IsoFLOPAnalysis(data, level: level)
    if let svg {
      try DurableFile.write(
        Data(IsoFLOPChart(analysis: analysis).svg.utf8), to: URL(fileURLWithPath: svg))
    }
    if json { return try printJSON(analysis) }
    var table = Table(columns: ["compute", "sizes", "N*", "D*", "M*", "loss there"])
    for profile in analysis.profiles {
      table.add([
        Numbers.scientific(profile.compute), "\(profile.runs)", Numbers.short(profile.parameters),
        Numbers.short(profile.tokens), Numbers.significant(profile.tokenMultiplier, 3),
        Numbers.fixed(profile.loss, 4),
      ])
    }
    print(table.rendered)
    for refusal in analysis.refused {
      print("left out: C = \(Numbers.scientific(refusal.compute)) (\(refusal.reason))")
    }
    let interval = analysis.exponentInterval.map {
      " [\(Numbers.significant($0.lowerBound, 3)), \(Numbers.significant($0.upperBound, 3))]"
    }
    print(
      "\nN* = \(String(format: "%.3g", analysis.scale))·C^\(Numbers.significant(analysis.exponent, 3))"
        + (interval ?? "") + ", D* ∝ C^\(Numbers.significant(1 - analysis.exponent, 3))")
    if let compute, compute > 0 {
      let best = analysis.optimum(compute: compute)
      print(
        "at C = \(Numbers.scientific(compute)): N* \(Numbers.short(best.parameters)), D*"
          + " \(Numbers.short(best.tokens)), M* \(Numbers.significant(best.tokens / best.parameters, 3))"
      )
    }
  }
}
