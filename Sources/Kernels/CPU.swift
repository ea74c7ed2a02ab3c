import Foundation

/// The processor that this program runs on.
public enum CPU {
  /// Its name, e.g. `AMD EPYC`.
  public static var model: String { field("model name") ?? "unknown" }

  /// Nil where the vector instructions exist that this program is compiled for; otherwise a message
  /// that says what is missing.
  public static func requireVectorSupport() -> String? {
    #if os(Linux) && arch(x86_64)
      let flags = Set((field("flags") ?? "").split(separator: " ").map(String.init))
      let missing = ["avx2", "fma", "bmi2", "f16c", "movbe"].filter { !flags.contains($0) }
      return missing.isEmpty
        ? nil : "this processor (\(model)) lacks \(missing.joined(separator: ", "))"
    #else
      return nil
    #endif
  }

  /// The first value of `name` in /proc/cpuinfo.
  private static func field(_ name: String) -> String? {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else {
      return nil
    }
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      return line.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
    }
    return nil
  }
}
