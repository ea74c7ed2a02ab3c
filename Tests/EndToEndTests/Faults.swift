import Foundation
import Testing

/// Real faults below a folder: `Tests/Faults/faults.c`, built with the toolchain's own clang and
/// preloaded into the program.
enum Faults {
  private static let library: String? = {
    let target = FileManager.default.temporaryDirectory
      .appendingPathComponent("overtrain-faults-\(ProcessInfo.processInfo.processIdentifier).so")
    let source = Program.root.appendingPathComponent("Tests/Faults/faults.c")
    let status = try? Program.shell(
      "clang -O1 -shared -fPIC -o '\(target.path)' '\(source.path)'")
    return status == 0 ? target.path : nil
  }()

  /// What makes the `call`-th change below `folder`, and all later ones, fail with `error`; with no
  /// error the program is killed there. Nil, with a message, where there is no clang.
  static func environment(
    _ folder: URL, call: Int, error: Int32 = 0, count: URL? = nil
  ) -> [String: String]? {
    guard let library else {
      print("skipped: faults are injected with a library that clang has to build")
      return nil
    }
    var environment = [
      "LD_PRELOAD": library, "FAULT_FOLDER": folder.path, "FAULT_AT": "\(call)",
      "FAULT_ERRNO": "\(error)",
    ]
    environment["FAULT_COUNT"] = count?.path
    return environment
  }

  /// A number of the environment, for longer trials than `make test` has time for.
  static func number(_ name: String, otherwise value: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? value
  }
}
