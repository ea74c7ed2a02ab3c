import Foundation

/// The processor that this program runs on.
public enum CPU {
  /// Its name, e.g. `AMD EPYC`.
  public static var model: String { field("model name") ?? "unknown" }

  /// Nil where the vector instructions exist that this program is compiled for; otherwise a message
  /// that says what is missing.
  public static func requireVectorSupport() -> String? {
    #if os(Linux) && arch(x86_64) && !BASELINE
      let flags = Set((field("flags") ?? "").split(separator: " ").map(String.init))
      let missing = ["avx2", "fma", "bmi2", "f16c", "movbe"].filter { !flags.contains($0) }
      return missing.isEmpty
        ? nil : "this processor (\(model)) lacks \(missing.joined(separator: ", "))"
    #else
      return nil
    #endif
  }

  /// Whether this program is compiled for vectors of eight floats and fused multiply-adds.
  package static var hasVectorCode: Bool {
    #if arch(x86_64) && !BASELINE
      return true
    #else
      return false
    #endif
  }

  /// Whether vectors of sixteen floats are used: where the processor has AVX-512, unless the
  /// environment variable OVERTRAIN_VECTORS is `avx2`. The bits of a run do not depend on it.
  package static let hasWideVectors: Bool = {
    #if os(Linux) && arch(x86_64) && !BASELINE
      guard getenv("OVERTRAIN_VECTORS").map({ String(cString: $0) }) != "avx2" else { return false }
      let flags = Set((field("flags") ?? "").split(separator: " ").map(String.init))
      return flags.isSuperset(of: ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"])
    #else
      return false
    #endif
  }()

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
