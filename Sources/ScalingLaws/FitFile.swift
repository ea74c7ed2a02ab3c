import Experiment
import Foundation

/// A fit as JSON, and in its folder: `fit.json` (all of it) and `predictions.json`.
///
/// The keys of coefficients stand beside the others at the top, e.g. `"E": 1.84`.
extension Fit: Codable {
  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
  private struct Interval: Codable {
    let low: Double
    let high: Double
  }

  /// Writes inputs and results.
  public func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(1, forKey: Key("version"))
    try json.encode(name, forKey: Key("name"))
    try json.encode(options.law, forKey: Key("law"))
    try json.encode(options, forKey: Key("options"))
    try json.encode(options.objective, forKey: Key("objective"))
    try json.encode(options.level, forKey: Key("level"))
    try json.encode(fitCount, forKey: Key("n"))
    try json.encode(degreesOfFreedom, forKey: Key("degreesOfFreedom"))
    try json.encodeIfPresent(residualSD, forKey: Key("residualSD"))
    try json.encode(objectiveValue, forKey: Key("objectiveValue"))
    try json.encode(conditionNumber, forKey: Key("conditionNumber"))
    try json.encode(fitCompute, forKey: Key("fitCompute"))
    for coefficient in coefficients where coefficient.value.isFinite {
      try json.encode(coefficient.value, forKey: Key(coefficient.name))
    }
    let intervals = coefficientIntervals.mapValues {
      Interval(low: $0.lowerBound, high: $0.upperBound)
    }
    try json.encode(intervals, forKey: Key("intervals"))
    try json.encode(inflation.factor, forKey: Key("kappa"))
    try json.encode(profiles, forKey: Key("profiles"))
    try json.encodeIfPresent(lackOfFit, forKey: Key("lackOfFit"))
    try json.encode(tournament.entries, forKey: Key("tournament"))
    try json.encode(tournament.verdict, forKey: Key("trust"))
    try json.encode(sensitivity, forKey: Key("sensitivity"))
    let verdicts = setVerdicts
    if !verdicts.isEmpty { try json.encode(verdicts, forKey: Key("setVerdicts")) }
    try json.encode(checklist, forKey: Key("checklist"))
    if predictor.error != nil { try json.encode(errorFitCount, forKey: Key("nError")) }
    try json.encode(predictions, forKey: Key("predictions"))
    try json.encode(validation, forKey: Key("validation"))
    try json.encode(warnings, forKey: Key("warnings"))
    try json.encode(data, forKey: Key("data"))
    if !pool.isEmpty { try json.encode(pool, forKey: Key("pool")) }
  }

  /// Reads the inputs and fits again.
  ///
  /// - Throws: `UserError` when the stored coefficients are not what the stored runs give.
  public init(from decoder: any Decoder) throws {
    let json = try decoder.container(keyedBy: Key.self)
    let version = try json.decode(Int.self, forKey: Key("version"))
    guard version == 1 else {
      throw UserError(.badData, "version \(version) of fit.json", fix: "fit again")
    }
    try self.init(
      json.decode(LawData.self, forKey: Key("data")),
      options: json.decode(FitOptions.self, forKey: Key("options")),
      name: json.decode(String.self, forKey: Key("name")),
      pool: json.decodeIfPresent([LawData].self, forKey: Key("pool")) ?? [])
    for coefficient in coefficients where coefficient.value.isFinite {
      let stored = try json.decodeIfPresent(Double.self, forKey: Key(coefficient.name))
      guard let stored, abs(stored - coefficient.value) <= 1e-6 * abs(coefficient.value) else {
        throw UserError(
          .badData,
          "stored \(coefficient.name) is \(stored.map { String($0) } ?? "missing"), but the stored"
            + " runs give \(coefficient.value)",
          fix: "the file was edited or is of another version: fit again")
      }
    }
  }

  /// Writes `folder/fit.json` and `folder/predictions.json`, each in one step.
  public func write(to folder: URL) throws(UserError) {
    try DurableFile.write(
      json: predictions, to: folder.appendingPathComponent("predictions.json"))
    try DurableFile.write(json: self, to: folder.appendingPathComponent("fit.json"))
  }

  /// Reads a fit from its folder or from `fit.json` itself.
  public static func read(_ url: URL) throws(UserError) -> Fit {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw UserError(
        .missingInput, "no such fit", at: url.path,
        fix: "make it first: overtrain fit RUNS --name NAME writes data/fits/NAME")
    }
    let file = url.isFolder ? url.appendingPathComponent("fit.json") : url
    return try StableJSON.decode(Fit.self, from: file)
  }
}

extension URL {
  /// Whether a folder is there.
  public var isFolder: Bool {
    (try? resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
  }
}
