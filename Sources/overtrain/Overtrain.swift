import ArgumentParser
import Experiment
import Foundation

@main struct Overtrain {
  static func main() {
    do {
      var command = try Root.parseAsRoot()
      try command.run()
    } catch let error as UserError {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      exit(error.kind.rawValue)
    } catch { Root.exit(withError: error) }
  }
}
struct Root: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overtrain",
    subcommands: [FitCommand.self, PredictCommand.self, ImportCommand.self])
}
