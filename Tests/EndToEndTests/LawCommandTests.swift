import Experiment
import Foundation
import Testing

/// The law commands as a user types them, on a made-up table of runs.
@Suite(.serialized)
struct LawCommandTests {
  /// 20 runs of a known law with three validation sets, four counts of N, twelve tasks and two
  /// held-out runs; one row is broken.
  static let table: String = {
    let tasks = (0..<12).map { "t\($0)" }
    var lines = [
      "run,N,D,loss,error,role,config,N/matmul,loss/own,loss/near,loss/still,"
        + tasks.map { "error/\($0)" }.joined(separator: ",") + ","
        + tasks.map { "chance/\($0)" }.joined(separator: ",")
    ]
    func law(_ n: Double, _ d: Double) -> Double { 1.8 + 166 * pow(n, -0.27) + 450 * pow(d, -0.27) }
    func row(_ name: String, _ n: Double, _ m: Double, _ role: String, _ wobble: Double) {
      let loss = law(n, n * m) * (1 + 0.003 * wobble)
      let errors = tasks.indices.map { i in
        0.75 - 0.5 / (1 + exp((1.3 + 0.1 * Double(i)) * (loss - 3.2)))
          + 0.01 * sin(Double(i) * 7 + wobble * 5)
      }
      let error = errors.reduce(0, +) / Double(errors.count)
      lines.append(
        "\(name),\(n),\(n * m),\(loss),\(error),\(role),\(name)-c0ffee,\(n * 0.9),\(loss),"
          + "\(loss * 1.1 + 0.2),\(5 + wobble),"
          + errors.map { "\($0)" }.joined(separator: ",") + ","
          + tasks.map { _ in "0.75" }.joined(separator: ","))
    }
    var count = 0.0
    for n in [1e7, 2e7, 4e7, 8e7, 1.6e8] {
      for m in [5.0, 20, 80, 320] {
        row("n\(Int(n / 1e6))m\(Int(m))", n, m, "fit", sin(count * 2.3))
        count += 1
      }
    }
    row("big", 1e9, 20, "holdout", 0.4)
    row("long", 2e8, 640, "holdout", -0.2)
    let broken = lines[3].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    lines.append((["broken"] + broken[1...2] + ["nan"] + broken[4...]).joined(separator: ","))
    return lines.joined(separator: "\n") + "\n"
  }()

  /// A loss curve under a rate that falls in a line.
  static let curve = {
    let rows = stride(from: 20, through: 800, by: 20).map { (step: Int) -> String in
      let t = Double(step)
      let loss = 2 + 3 / (1 + t / 60) - 0.0002 * t
      let rate = 0.02 * (1 - t / 820)
      return "\(step),\(loss),\(rate)"
    }
    return (["step,loss,lr"] + rows).joined(separator: "\n") + "\n"
  }()

  @Test func everyCommand() throws {
    let program = try Program()
    defer { program.remove() }
    try program.write(Self.table, to: "runs.csv")
    try program.write(Self.curve, to: "curve.csv")
    for (arguments, words) in [
      (
        ["fit", "runs.csv", "--name", "f"],
        [
          "over-training law", "left out: broken (runs.csv:24", "the loss is nan", "sensitivity",
          "N matmul", "still: not to be believed", "report.html",
        ]
      ),
      (["explain", "alpha", "data/fits/f"], ["n10m5-c0ffee", "runs.csv:2", "unchanged", "log"]),
      (
        ["verdict", "runs.csv"],
        [
          "own", "reliable", "still", "not to be believed", "had no part",
          "called reliable: off by",
        ]
      ),
      (
        ["loss-to-loss", "runs.csv", "--from-set", "own", "--to-set", "near", "--loss", "2.9"],
        ["κ", "R²", "big", "is 3.3"]
      ),
      (["isoflop", "runs.csv", "--svg", "iso.svg"], ["M*", "N* ="]),
      (["isoflop", "runs.csv", "--interpolate"], ["M*", "N* ="]),
      (
        ["serve", "data/fits/f", "--error", "0.55", "--served", "1e11"],
        ["is a loss of", "costs", "saves", "pays from"]
      ),
      (
        [
          "design", "data/fits/f", "--sizes", "1e7,4e7,1.6e8", "--multipliers", "10,40,160",
          "--target", "1e9:20", "--budget", "2e18",
        ], ["best within the budget, N × M:", "over budget"]
      ),
      (["grade", "runs.csv"], ["predictable"]),
      (["grade", "runs.csv", "--fit", "data/fits/f"], ["best small run", "rank correlation"]),
      (
        ["predict", "--curve", "curve.csv", "--up-to", "0.6"],
        ["annealing", "hyperbolic", "60 % of 800 steps", "tau =", "measured at the end"]
      ),
      (["predict", "--curve", "curve.csv", "--until", "900", "--json"], ["withinRun", "lambda"]),
      (
        ["grade", "runs.csv", "--averages", "--fit", "data/fits/f", "--svg", "tasks.svg"],
        ["tasks drawn", "chosen by nested splits"]
      ),
      (
        ["predict", "data/fits/f", "--N", "1e9", "--M", "20", "--freeze", "big.json"],
        ["beyond the fitted runs"]
      ),
      (["score", "big.json", "--loss", "2.81"], ["off by"]),
      (["fit", "runs.csv", "--law", "kaplan", "--errors", "power"], ["kaplan law", "L^(−γ)"]),
      (["fit", "runs.csv", "--set", "near", "--n", "matmul"], ["N matmul"]),
      (["report", "data/fits/f"], ["written: data/fits/f/report.html"]),
    ] {
      let result = try program.run(arguments)
      #expect(result.status == 0, "\(arguments): \(result.errors)")
      for word in words {
        #expect(result.output.contains(word), "\(arguments): no \(word) in \(result.output)")
      }
    }
    for name in ["iso.svg", "tasks.svg", "data/fits/f/report.html", "data/fits/f/predictions.json"]
    {
      let url = program.folder.appendingPathComponent(name)
      #expect(FileManager.default.fileExists(atPath: url.path), "\(name)")
    }
    let page = try String(
      contentsOf: program.folder.appendingPathComponent("data/fits/f/report.html"),
      encoding: .utf8)
    #expect(page.contains("runs.csv:24") && page.contains("Other validation sets"))
    // A number as the page shows it, back to its rows.
    let shown = try #require(page.firstMatch(of: #/<td class="n">(\d\.\d{4})<small>/#)?.1)
    let why = try program.run("explain", String(shown))
    #expect(why.status == 0 && why.output.contains("loss predicted for"), "\(why.output)")
  }

  @Test func badInput() throws {
    let program = try Program()
    defer { program.remove() }
    try program.write(Self.table, to: "runs.csv")
    try program.write(Self.curve, to: "curve.csv")
    #expect(try program.run("fit", "runs.csv", "--name", "f").status == 0)
    let rows = Self.table.split(separator: "\n")
    func part(_ name: String, _ keep: (Substring) -> Bool) throws {
      try program.write(
        ([rows[0]] + rows.dropFirst().filter(keep)).joined(separator: "\n"), to: name)
    }
    try part("ray.csv") { $0.contains("m20,") }
    try part("size.csv") { $0.hasPrefix("n10m") }
    try part("few.csv") {
      $0.hasPrefix("n10m5,") || $0.hasPrefix("n20m20,") || $0.hasPrefix("n40m80,")
    }
    for (arguments, status, word) in [
      (["fit", "ray.csv"], 65, "one ray D = 20·N"), (["fit", "size.csv"], 65, "the same N"),
      (["fit", "few.csv"], 65, "for 4 parameters"),
      (["explain", "3.14159265", "data/fits/f"], 65, "no figure"),
      (["explain", "1", "data/fits/none"], 66, "no such fit"),
      (["isoflop", "few.csv"], 65, "--interpolate"),
      (["verdict", "none.csv"], 66, "no such file"),
      (["loss-to-loss", "runs.csv", "--to-set", "far"], 64, "loss/far"),
      (["serve", "data/fits/f", "--served", "1e9"], 64, "--loss and --error"),
      (["serve", "data/fits/f", "--loss", "0.5", "--served", "1e9"], 64, "not reached"),
      (["predict", "--N", "1e9", "--M", "20"], 64, "no fit"),
      (["predict", "--run", "data"], 66, "config.yaml"),
      (["predict", "--curve", "none.csv"], 66, "cannot read"),
      (["predict", "--curve", "runs.csv"], 65, "no column step"),
      (["predict", "--curve", "curve.csv", "--up-to", "0.1"], 65, "--up-to"),
      (["predict", "--curve", "curve.csv", "--until", "700"], 64, "past 700"),
      (["design", "--sizes", "1e7", "--multipliers", "20", "--target", "1e9:20"], 64, "--prior"),
      (["fit", "runs.csv", "--law", "data-constrained"], 65, "repeat tokens"),
      (["fit", "runs.csv", "--n", "body"], 64, "N/body"),
    ] {
      let result = try program.run(arguments)
      #expect(result.status == Int32(status), "\(arguments): \(result.errors)")
      #expect(result.errors.contains(word), "\(arguments): \(result.errors)")
      #expect(result.errors.contains("fix:"), "\(arguments): \(result.errors)")
    }
  }
}
