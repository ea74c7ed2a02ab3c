import Foundation

/// Whether this processor can run the program. It is asked before anything else, and by a target that
/// is compiled for every x86-64: the others use AVX2 wherever the compiler likes. No collections here:
/// their specialised code is shared with those targets.
enum ProcessorCheck {
  /// Ends the program with a message that says what the processor lacks.
  static func run() {
    #if os(Linux) && arch(x86_64) && !BASELINE
      guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return }
      var missing = ""
      for name in ["avx2", "bmi2", "f16c", "fma", "movbe"]
      where !text.contains(" \(name) ") && !text.contains(" \(name)\n") {
        missing += (missing.isEmpty ? "" : ", ") + name
      }
      guard !missing.isEmpty else { return }
      let message =
        "overtrain: this processor lacks \(missing)\n"
        + "  fix: build for any x86-64: OVERTRAIN_BASELINE=1 make build\n"
      if let bytes = message.data(using: .utf8) { FileHandle.standardError.write(bytes) }
      exit(1)
    #endif
  }
}
