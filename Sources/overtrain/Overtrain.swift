import ArgumentParser
import Experiment
import Foundation
import Kernels

/// The command line: parse, resolve, call. One file per subcommand; every error ends here.
@main
struct Overtrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overtrain",
    abstract: "Train a grid of small transformers, fit scaling laws, predict the dear runs.",
    discussion: """
      From text to a report:
        overtrain data configs/corpora/demo.yaml       text to tokens
        overtrain plan configs/demo.yaml               what the grid will cost
        overtrain sweep configs/demo.yaml              train and measure what is missing
        overtrain fit data/runs/demo --name demo       laws and held-out predictions
        overtrain report data/fits/demo                one HTML page

      Data goes to stdout (--json where it makes sense), progress to stderr. Every command may be
      stopped at any time and goes on when it is run again.

      Exit codes: 0 done, 1 failure, 64 usage, 65 bad data, 66 missing input, 74 I/O or disk,
      75 stopped but resumable, 78 bad config, 130 and 143 after SIGINT and SIGTERM.
      """,
    version: overtrainVersion,
    subcommands: [
      DataCommand.self, PlanCommand.self, SweepCommand.self, TrainCommand.self,
      ResumeCommand.self, StatusCommand.self, EvalCommand.self, SuiteCommand.self, FitCommand.self,
      PredictCommand.self, ScoreCommand.self, ServeCommand.self, DesignCommand.self,
      GradeCommand.self, VerdictCommand.self, ExplainCommand.self, IsoFLOPCommand.self,
      LossToLossCommand.self, ReportCommand.self, ImportCommand.self, BenchCommand.self,
      DoctorCommand.self, VerifyResumeCommand.self,
    ])

  static func main() {
    ProcessorCheck.run()
    Signals.install()
    do {
      BLAS.pinCoreType()
      BLAS.configure()
      var command = try parseAsRoot()
      try command.run()
      try DurableFile.flushOutput()
    } catch let error as UserError {
      Terminal.error(error.description)
      Self.exit(code: Signals.exitCode ?? error.kind.exitCode)
    } catch {
      exit(withError: error)
    }
  }

  private static func exit(code: Int32) -> Never {
    exit(withError: ExitCode(code))
  }
}
