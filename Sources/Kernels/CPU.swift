import Foundation

/// The processor that this program runs on.
public enum CPU {
  /// Its name, e.g. `AMD EPYC`; Linux has only numbers for one of AArch64.
  public static var model: String {
    if let name = field("model name") { return name }
    guard let maker = field("CPU implementer"), let part = field("CPU part") else {
      return "unknown"
    }
    return "AArch64, implementer \(maker), part \(part)"
  }

  /// The vectors that products use, e.g. `AVX-512`.
  public static var vectors: String {
    #if arch(arm64)
      return "NEON"
    #elseif arch(x86_64) && !BASELINE
      return hasWideVectors ? "AVX-512" : "AVX2 and FMA"
    #else
      return "baseline"
    #endif
  }

  private static let avx2: Set<String> = ["avx2", "bmi2", "f16c", "fma", "movbe"]
  private static let avx512: Set<String> = [
    "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl",
  ]

  /// Whether the processor has AVX2 and what goes with it.
  static var hasAVX2: Bool { flags.isSuperset(of: avx2) }

  /// Whether vectors of sixteen floats are used: where the processor has AVX-512, unless the
  /// environment variable OVERTRAIN_VECTORS is `avx2`. The bits of a run do not depend on it.
  package static let hasWideVectors: Bool = {
    #if arch(x86_64) && !BASELINE
      return getenv("OVERTRAIN_VECTORS").map { String(cString: $0) } != "avx2"
        && flags.isSuperset(of: avx512)
    #else
      return false
    #endif
  }()

  /// What the processor can do, in Linux's words.
  private static var flags: Set<String> {
    Set((field("flags") ?? "").split(separator: " ").map(String.init))
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
