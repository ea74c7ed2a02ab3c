/// An error that a person can act on: what is wrong, where, and the fix.
///
/// Every module throws this one type for bad input, so that the command line has one place that
/// prints and one table of exit codes.
public struct UserError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The class of an error.
  public enum Kind: Sendable {
    case failure, usage, badData, missingInput, io, badConfig
    /// stopped by the user
    case interrupted
    /// another process works on it
    case busy

    /// What the program exits with: sysexits.h where it has a number.
    public var exitCode: Int32 {
      switch self {
      case .failure: 1
      case .usage: 64
      case .badData: 65
      case .missingInput: 66
      case .io: 74
      case .interrupted, .busy: 75
      case .badConfig: 78
      }
    }
  }

  /// The class of the error, which decides the exit code.
  public let kind: Kind
  /// What is wrong.
  public let what: String
  /// A file with line:column or byte offset, a run, a config key: where to look.
  public let location: String?
  /// What to do about it.
  public let fix: String?

  /// - Parameters:
  ///   - kind: the class of the error
  ///   - what: what is wrong, without a final stop
  ///   - location: where, e.g. `configs/demo.yaml:12:3` or `train-000.bin, byte 1024`
  ///   - fix: what to do about it
  public init(_ kind: Kind, _ what: String, at location: String? = nil, fix: String? = nil) {
    self.kind = kind
    self.what = what
    self.location = location
    self.fix = fix
  }

  /// `where: what` on the first line, the fix on the second.
  public var description: String {
    let head = location.map { "\($0): \(what)" } ?? what
    return fix.map { "\(head)\n  fix: \($0)" } ?? head
  }
}
