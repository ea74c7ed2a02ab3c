import Experiment
import Foundation
import ScalingLaws
import Testing

/// Every kind of bad input gives what, where and the fix.
struct BadInputTests {
  /// The error that reading `text` and fitting gives.
  static func error(_ text: String, options: FitOptions = FitOptions(.log)) -> UserError? {
    do {
      _ = try Fit(LawData(csvText: text, name: "runs.csv"), options: options)
      return nil
    } catch {
      return error
    }
  }

  static let good = [
    "1e7,2e8,5.2,0.80,a,fit", "8e7,1.6e9,3.8,0.74,b,fit", "1.5e8,3e9,3.4,0.68,c,fit",
    "4e8,8e9,3.0,0.65,d,fit", "1e7,3.2e9,4.5,0.79,e,fit", "1e9,2e10,2.7,0.57,f,holdout",
  ]

  static func csv(_ rows: [String], header: String = "N,D,loss,error,run,role") -> String {
    ([header] + rows).joined(separator: "\n")
  }

  @Test func goodIsAccepted() throws {
    #expect(Self.error(Self.csv(Self.good)) == nil)
  }

  @Test(arguments: [
    ("N,tokens,loss\n1,2,3", "no column D", "runs.csv:1"),
    ("", "no column N", "runs.csv:1"),
    ("N,D,loss\n", "no rows", "runs.csv"),
    ("N,D,loss\n1e7,2e8,abc", "not a finite number", "runs.csv:2"),
    ("N,D,loss\n1e7,2e8,nan", "the loss is nan", "runs.csv:2"),
    ("N,D,loss\n1e7,2e8,inf", "the loss is inf", "runs.csv:2"),
    ("N,D,loss\n1e7,nan,3", "not a finite number", "runs.csv:2"),
    ("N,D,loss\n1e7,2e8,0\n\n1e7,3e8,-3.1", "the loss is 0", "runs.csv:2"),
    ("N,D,loss,unique\n4.1e8,8.2e9,3,9e9", "are distinct", "runs.csv:2"),
    ("N,D,loss,weight\n4.1e8,8.2e9,3,0", "the weight is 0", "runs.csv:2"),
    ("N,D,loss,tokenizer\n4e8,8e9,3,bpe\n4e7,8e8,4,neox", "mixed tokenizers", "runs.csv:3"),
    ("N,D,loss,convention\n4e8,8e9,3,total\n4e7,8e8,4,body", "mixed conventions", "runs.csv:3"),
    ("N,D,loss\n0.41,8.2,3", "N counts", "runs.csv:2"),
    ("N,D,loss\n4.1e8,8.2,3", "D counts", "runs.csv:2"),
    ("N,D,loss,error\n4.1e8,8.2e9,3,65", "share", "runs.csv:2"),
    ("N,D,loss,role\n4.1e8,8.2e9,3,train", "role is \"train\"", "runs.csv:2"),
    ("N,D,loss,role\n4.1e8,8.2e9,3,", "no role", "runs.csv:2"),
    ("N,D,loss,role\n4.1e8,8.2e9,,fit", "no loss", "runs.csv:2"),
    ("N,D,loss\n4.1e8,,3", "empty", "runs.csv:2"),
    ("N,D,loss,run\n1e7,2e8,4,a\n2e7,4e8,3.5,a", "there twice", "runs.csv:3"),
    ("N,D,loss,role\n4.1e8,8.2e9,3,holdout", "no run has the role fit", "runs.csv"),
  ])
  func rows(text: String, what: String, location: String) throws {
    let error = try #require(Self.error(text))
    #expect(error.kind == .badData)
    #expect("\(error)".contains(what), "\(error)")
    #expect(error.location == location)
    #expect(error.fix != nil)
  }

  @Test(arguments: [
    ([0, 1, 2], "3 different fit runs for 4 parameters"),
    ([0, 1, 2, 3], "one ray D = 20·N"),
  ])
  func designs(chosen: [Int], what: String) throws {
    var rows = chosen.map { Self.good[$0] }
    if chosen.count == 4 { rows.append("2e9,4e10,2.5,0.5,g,fit") }
    let error = try #require(Self.error(Self.csv(rows)))
    #expect("\(error)".contains(what), "\(error)")
    #expect(error.fix != nil)
  }

  @Test func oneSizeOrOneHorizon() throws {
    let sizes = ["1e7,2e8,5", "1e7,4e8,4.8", "1e7,8e8,4.6", "1e7,2e9,4.5", "1e7,9e9,4.4"]
    #expect("\(try #require(Self.error(Self.csv(sizes, header: "N,D,loss"))))".contains("same N"))
    let horizons = ["1e7,2e9,5", "2e7,2e9,4.8", "4e7,2e9,4.6", "8e7,2e9,4.5", "2e8,2e9,4.4"]
    #expect(
      "\(try #require(Self.error(Self.csv(horizons, header: "N,D,loss"))))".contains("same D"))
  }

  /// The free law needs more than the tied one.
  @Test func freeLawNeedsFiveRuns() throws {
    let rows = Array(Self.good[1...4]) + ["1e7,2e8,5.2,0.80,a,validate"]
    let error = try #require(
      Self.error(Self.csv(rows), options: FitOptions(.log, law: .chinchilla)))
    #expect("\(error)".contains("4 different fit runs for 5 parameters"))
  }

  /// The same run under another name is quarantined with the reason; another seed is not.
  @Test func copies() throws {
    let rows = Self.good + ["4e8,8e9,3.0,0.65,copy,fit", "4e8,8e9,3.01,0.65,seed,replicate"]
    let data = try LawData(csvText: Self.csv(rows), name: "runs.csv")
    #expect(data.points.count == Self.good.count + 1)
    #expect(data.excluded.map(\.run) == ["copy"])
    #expect(data.excluded.first?.reason.contains("copy of d") == true)
  }

  /// Rows of values that no run has are left out with file, line and reason, and the rest is fitted;
  /// the warning reaches the fit.
  @Test(arguments: [
    ("8e7,3e9,nan,0.7,bad,fit", "the loss is nan"),
    ("8e7,3e9,-2.1,0.7,bad,fit", "the loss is -2.1"),
    ("8e7,3e9,inf,0.7,bad,fit", "the loss is inf"), ("0.08,3e9,3.7,0.7,bad,fit", "N is 0.08"),
    ("8e7,3e16,3.7,0.7,bad,fit", "M = D/N"), ("8e7,3e9,3.7,70,bad,validate", "the error is 70"),
    ("8e7,3.2,3.7,0.7,bad,fit", "D is 3.2"), ("8e7,3e9,,0.7,bad,fit", "has no loss"),
  ])
  func quarantine(row: String, reason: String) throws {
    let data = try LawData(csvText: Self.csv(Self.good + [row]), name: "runs.csv")
    #expect(data.points.count == Self.good.count)
    #expect(data.excluded.map(\.run) == ["bad"])
    let why = try #require(data.excluded.first?.reason)
    #expect(why.contains("runs.csv:8") && why.contains(reason), "\(why)")
    let fit = try Fit(data, options: FitOptions(.log))
    #expect(fit.fitCount == 5)
    #expect(fit.warnings.contains { $0.contains("1 of 7 rows") })
    #expect(fit.checklist.contains { $0.name == "Points dropped" && $0.value.contains(reason) })
  }

  /// N and D the wrong way round are plausible numbers one by one, so the file as a whole is doubted.
  @Test func swappedColumns() throws {
    let data = try LawData(
      csvText: Self.csv(Self.good, header: "D,N,loss,error,run,role"), name: "a")
    #expect(data.warnings.contains { $0.contains("swapped") })
    #expect(try LawData(csvText: Self.csv(Self.good), name: "a").warnings.isEmpty)
  }

  /// The same row twice is a copy; one name for two runs is refused.
  @Test func repeatedRows() throws {
    let data = try LawData(csvText: Self.csv(Self.good + [Self.good[1]]), name: "runs.csv")
    #expect(data.excluded.map(\.run) == ["b"] && data.points.count == Self.good.count)
    let error = try #require(Self.error(Self.csv(Self.good + ["8e7,3e9,3.7,0.7,b,fit"])))
    #expect("\(error)".contains("there twice") && error.location == "runs.csv:8")
  }

  /// A held-out run without a loss is predicted only; without a role column every row is fitted.
  @Test func heldOutWithoutActual() throws {
    let rows = Array(Self.good[0...4]) + ["1e9,2e10,,,f,holdout"]
    let fit = try Fit(
      LawData(csvText: Self.csv(rows), name: "runs.csv"), options: FitOptions(.log))
    #expect(fit.predictions.count == 1)
    #expect(fit.predictions[0].loss.actual == nil)
    #expect(fit.predictions[0].loss.relativeError == nil)
    #expect(fit.predictions[0].error?.predicted != nil)
    let plain = try LawData(
      csvText: "N,D,loss,extra\n1e7,2e8,5.2,x\n8e7,1.6e9,3.8,y\r\n", name: "runs.csv")
    #expect(plain.points.allSatisfy { $0.role == .fit })
  }

  @Test func fewErrorsMeanNoErrorLaw() throws {
    let rows = Self.good.map { $0.contains(",a,") || $0.contains(",b,") ? $0 : dropError($0) }
    let fit = try Fit(
      LawData(csvText: Self.csv(rows), name: "runs.csv"), options: FitOptions(.log))
    #expect(fit.errorLaw == nil)
    #expect(fit.warnings.contains { $0.contains("no error law") })
  }

  private func dropError(_ row: String) -> String {
    var cells = row.split(separator: ",").map(String.init)
    cells[3] = ""
    return cells.joined(separator: ",")
  }

  @Test func flatErrorsMeanNoErrorLaw() throws {
    let rows = Self.good.map { row in
      var cells = row.split(separator: ",").map(String.init)
      cells[3] = "0.751"
      return cells.joined(separator: ",")
    }
    let fit = try Fit(
      LawData(csvText: Self.csv(rows), name: "runs.csv"), options: FitOptions(.log))
    #expect(fit.errorLaw == nil)
    #expect(fit.warnings.contains { $0.contains("flat") })
  }
}
