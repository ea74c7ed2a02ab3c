import Experiment
import Foundation
import SwiftCSV

extension RunCurve {
  /// Steps of the longest run that is read.
  private static let mostSteps = 10_000_000

  /// Reads a curve from a CSV file with the columns `step`, `loss` and, if present, `lr`; others are
  /// ignored. A row without a loss only says the rate: rows after the last loss are the schedule of the
  /// steps to come. Rates between rows are interpolated.
  ///
  /// - Parameters:
  ///   - last: the last step of the run, at the last known rate from the last row on; that row, when nil
  ///   - warmup: steps of warm-up; those up to the rate's first maximum, when nil
  /// - Throws: `UserError` that names file and line.
  public init(csv url: URL, until last: Int?, warmup: Int?) throws(UserError) {
    let (name, text): (String, String)
    name = url.relativePath
    do { text = try String(contentsOf: url, encoding: .utf8) } catch {
      throw UserError(
        FileManager.default.fileExists(atPath: url.path) ? .badData : .missingInput,
        "cannot read as text: \(error.localizedDescription)", at: name,
        fix: "give a CSV file with the columns step,loss and, if known, lr")
    }
    let rows = try Self.rows(text, name)
    guard let end = rows.last, end.step <= last ?? .max else {
      throw UserError(
        .usage, "the curve goes to step \(rows.last?.step ?? 0), past \(last ?? 0)", at: name,
        fix: "give a later last step, or look at a part of the curve with --up-to")
    }
    let steps = last ?? end.step
    guard steps <= Self.mostSteps else {
      throw UserError(
        .badData, "\(steps) steps are more than \(Self.mostSteps)", at: name,
        fix: "count steps in hundreds: divide the column step by 100")
    }
    let rates = Self.rates(rows, steps: steps)
    let peak = rates.max().flatMap { rates.firstIndex(of: $0) } ?? 0
    self.init(
      samples: rows.compactMap { row in row.loss.map { (row.step, $0) } }, steps: steps,
      rates: rates, warmupSteps: warmup ?? (peak == 0 ? 0 : peak + 1), isMean: false)
    guard samples.count(where: { $0.step > warmupSteps }) >= 12 else {
      throw UserError(
        .badData,
        "\(samples.count { $0.step > warmupSteps }) losses after the warm-up, which ends at step"
          + " \(warmupSteps); a curve needs 12",
        at: name, fix: "log the loss more often, wait until the run is further on, or say --warmup")
    }
  }

  private typealias Row = (step: Int, loss: Double?, rate: Double?)

  /// The rate of every step; empty without a column `lr`.
  private static func rates(_ rows: [Row], steps: Int) -> [Double] {
    let known = rows.compactMap { row in row.rate.map { (step: row.step, rate: $0) } }
    guard let first = known.first, let end = known.last else { return [] }
    var rates = [Double](repeating: first.rate, count: min(first.step, steps))
    for (from, to) in zip(known, known.dropFirst()) {
      for step in from.step + 1...to.step {
        let share = Double(step - from.step) / Double(to.step - from.step)
        rates.append(from.rate + share * (to.rate - from.rate))
      }
    }
    return rates + [Double](repeating: end.rate, count: steps - rates.count)
  }

  private static func rows(_ text: String, _ name: String) throws(UserError) -> [Row] {
    let csv: CSV<Enumerated>
    do { csv = try CSV<Enumerated>(string: text, delimiter: .comma, loadColumns: false) } catch {
      throw UserError(.badData, "not a CSV file: \(error)", at: name)
    }
    let reader = RowReader(
      header: csv.header.map { $0.trimmingCharacters(in: .whitespaces) }, name: name)
    for needed in ["step", "loss"] where !reader.header.contains(needed) {
      throw UserError(
        .badData, "no column \(needed)", at: "\(name):1",
        fix: "the first line names the columns: step,loss and, if known, lr")
    }
    var rows: [Row] = []
    for (i, row) in csv.rows.enumerated() {
      let line = i + 2
      func refused(_ what: String, _ fix: String) -> UserError {
        UserError(.badData, what, at: "\(name):\(line)", fix: fix)
      }
      if row.allSatisfy({ $0.trimmingCharacters(in: .whitespaces).isEmpty }) { continue }
      guard let step = try reader.number("step", row, line).flatMap({ Int(exactly: $0) }), step >= 1
      else {
        throw refused(
          "step is \"\(reader.text("step", row) ?? "")\"", "steps are whole numbers from 1 on")
      }
      if let before = rows.last?.step, step <= before {
        throw refused("step \(step) comes after step \(before)", "sort the rows by step, once each")
      }
      let loss = try reader.number("loss", row, line)
      if let loss, !(loss > 0 && loss < 100) {
        throw refused(
          "the loss is \(loss)",
          "loss is in nats per token: positive, below ln V; end the curve before a run diverges")
      }
      let rate = try reader.number("lr", row, line)
      if reader.header.contains("lr"), !((rate ?? -1) >= 0) {
        throw refused(
          "lr is \(rate.map { "\($0)" } ?? "empty")",
          "fill in the learning rate of every row, or drop the column")
      }
      rows.append((step, loss, rate))
    }
    if !rows.isEmpty, rows.allSatisfy({ $0.rate == 0 }) {
      throw UserError(
        .badData, "lr is 0 in every row", at: name, fix: "fill it in, or drop the column")
    }
    return rows
  }
}
