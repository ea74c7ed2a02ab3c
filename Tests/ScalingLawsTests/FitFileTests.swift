import Experiment
import Foundation
import ScalingLaws
import Testing

/// `fit.json`: the keys that other programs read, and reading it back.
struct FitFileTests {
  static func fit() throws -> Fit {
    var data = GadreRuns.data(GadreRuns.c4)
    data.points.append(
      LawPoint(
        run: "7b", parameters: 6_889_410_560, tokens: 137_788_211_200, loss: 2.3822,
        error: 0.4796, role: .holdout))
    return try Fit(data, options: FitOptions(.paper, draws: 100), name: "c4")
  }

  static func json(_ fit: Fit) throws -> [String: Any] {
    let data = try StableJSON.encode(fit)
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test func contract() throws {
    let json = try Self.json(Self.fit())
    for key in [
      "E", "A", "B", "alpha", "beta", "eta", "a", "b", "mStar", "epsilon", "k", "gamma", "level",
    ] {
      #expect(json[key] is NSNumber, "\(key)")
    }
    #expect(json["law"] as? String == "over-training")
    #expect(json["n"] as? Int == 5)
    #expect(json["warnings"] is [String])
    let predictions = try #require(json["predictions"] as? [[String: Any]])
    #expect(predictions.count == 1)
    let first = try #require(predictions.first)
    #expect(first["run"] as? String == "7b")
    #expect(first["N"] as? Double == 6_889_410_560)
    #expect(first["D"] as? Double == 137_788_211_200)
    for name in ["loss", "error"] {
      let estimate = try #require(first[name] as? [String: Any])
      for key in ["predicted", "low", "high", "actual", "relativeError"] {
        #expect(estimate[key] is NSNumber, "\(name).\(key)")
      }
    }
  }

  /// Keys that do not apply are absent.
  @Test func absentKeys() throws {
    var data = GadreRuns.data(GadreRuns.c4)
    data.points = data.points.map {
      LawPoint(
        run: $0.run, parameters: $0.parameters, tokens: $0.tokens, loss: $0.loss, role: .fit)
    }
    let json = try Self.json(Fit(data, options: FitOptions(.log, law: .chinchilla)))
    for key in ["eta", "a", "b", "mStar", "epsilon", "k", "gamma", "nError"] {
      #expect(json[key] == nil, "\(key)")
    }
    #expect(json["beta"] != nil)
  }

  @Test func roundTrip() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "overtrain-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let fit = try Self.fit()
    try fit.write(to: folder)
    for url in [folder, folder.appendingPathComponent("fit.json")] {
      let read = try Fit.read(url)
      #expect(try StableJSON.encode(read) == StableJSON.encode(fit))
      #expect(
        read.predict(parameters: 1e9, tokens: 3e10) == fit.predict(parameters: 1e9, tokens: 3e10))
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["fit.json", "predictions.json"])
    #expect(throws: UserError.self) { try Fit.read(folder.appendingPathComponent("other")) }
  }

  /// A coefficient that does not follow from the stored runs is refused by name.
  @Test func editedFile() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "overtrain-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Self.fit().write(to: folder)
    let url = folder.appendingPathComponent("fit.json")
    let text = try String(contentsOf: url, encoding: .utf8)
    try text.replacing(#/"E" : 1\.50/#, with: "\"E\" : 1.60").write(
      to: url, atomically: true, encoding: .utf8)
    let error = #expect(throws: UserError.self) { try Fit.read(url) }
    #expect(error?.kind == .badData)
    #expect("\(error.map { "\($0)" } ?? "")".contains("stored E"))
  }
}
