import ArgumentParser
import Experiment
import Foundation
import Kernels
import Report

/// `overtrain doctor`
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "What this machine is, how fast it multiplies, and what is missing on it.",
    discussion: "Example: overtrain doctor")

  func run() throws {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    var table = Table(columns: ["", ""])
    table.add(["processor", "\(CPU.model), \(cores) cores"])
    table.add(["vectors", CPU.vectors])
    table.add(["BLAS", BLAS.description])
    table.add([
      "large sgemm", String(format: "%.0f GFLOP/s a core", BLAS.sgemmGFLOPS(seconds: 0.5)),
    ])
    table.add(["memory", short(Double(ProcessInfo.processInfo.physicalMemory)) + "B"])
    let space = try? URL(fileURLWithPath: ".").resourceValues(
      forKeys: [.volumeAvailableCapacityKey]
    ).volumeAvailableCapacity
    table.add(["free disk here", space.map { short(Double($0)) + "B" } ?? "unknown"])
    for tool in ["apt-get", "dpkg-deb", "pip"] {
      let found = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
      table.add([tool, found ? "found" : "missing: some corpora cannot be fetched without it"])
    }
    print(table.rendered)
  }
}
