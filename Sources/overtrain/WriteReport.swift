import ArgumentParser
struct ReportCommand: ParsableCommand {
  @Argument var x: String
}
