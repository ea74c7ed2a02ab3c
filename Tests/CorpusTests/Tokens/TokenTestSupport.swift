import Corpus
import Experiment
import Foundation
import Testing

/// Runs `body` with an empty folder that is gone afterwards.
func withTokenFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("overtrain-tokens-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// Expects `body` to fail with an error of `kind` whose message has all of `parts`, and a fix.
func expectUserError(
  _ kind: UserError.Kind, _ parts: String..., at location: SourceLocation = #_sourceLocation,
  _ body: () throws -> Void
) {
  do {
    try body()
    Issue.record("no error was thrown", sourceLocation: location)
  } catch let error as UserError {
    #expect(error.kind == kind, sourceLocation: location)
    #expect(error.fix != nil, sourceLocation: location)
    for part in parts {
      #expect("\(error)".contains(part), "\(error)", sourceLocation: location)
    }
  } catch {
    Issue.record("not a UserError: \(error)", sourceLocation: location)
  }
}

/// The files that scripts in Tests/Fixtures made.
let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")
