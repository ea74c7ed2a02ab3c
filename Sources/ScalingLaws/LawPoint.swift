import Crypto
import Experiment
import Foundation

/// A run as laws see it.
public struct LawPoint: Codable, Sendable, Equatable {
  /// The run's name.
  public let run: String
  /// N.
  public let parameters: Double
  /// D: tokens trained on.
  public let tokens: Double
  /// Validation loss in nats per token; nil for a run that is only to be predicted.
  public let loss: Double?
  /// Average top-1 error, a share.
  public let error: Double?
  /// Top-1 error by task, where it is known.
  public var taskErrors: [String: Double]?
  /// Loss on other validation sets by name, in nats per token.
  public var setLosses: [String: Double]?
  /// N as other conventions count it, where known; `flops` is exact training FLOPs over 6·D.
  public var otherCounts: [String: Double]?
  /// Distinct tokens among D, where known.
  public var uniqueTokens: Double?
  /// How much the run's loss counts in a fit: one of weight 4 has half the noise of others, and counts
  /// as four; 1, when nil.
  public var weight: Double?
  /// Names the run's complete config: the id that ends in its hash.
  public var config: String?
  /// What the run is for in the loss law.
  public var role: Role
  /// What it is for in the error law, which may use a larger run (Gadre et al. add one).
  public let errorRole: Role
  /// Where it was read, e.g. `runs.csv:7`.
  public let location: String?

  /// All fields, in order.
  public init(
    run: String, parameters: Double, tokens: Double, loss: Double?, error: Double? = nil,
    role: Role, errorRole: Role? = nil, location: String? = nil
  ) {
    self.run = run
    self.parameters = parameters
    self.tokens = tokens
    self.loss = loss
    self.error = error
    self.role = role
    self.errorRole = errorRole ?? role
    self.location = location
  }

  /// C = 6·N·D.
  public var compute: Double { 6 * parameters * tokens }
  /// M = D/N.
  public var tokenMultiplier: Double { tokens / parameters }
  /// The run as fits see it, which must have a loss.
  var sample: Sample { Sample(x: coordinates, y: loss ?? .nan, weight: weight ?? 1) }
  /// (ln N, ln D).
  var coordinates: SIMD2<Double> { SIMD2(Foundation.log(parameters), Foundation.log(tokens)) }
}

/// The runs that laws are fitted on and compared with, and those left out.
public struct LawData: Codable, Sendable, Equatable {
  /// A run that was left out.
  public struct Exclusion: Codable, Sendable, Equatable {
    /// Its name.
    public let run: String
    /// Why it was left out.
    public let reason: String

    /// - Parameters:
    ///   - run: its name
    ///   - reason: why it was left out
    public init(run: String, reason: String) {
      self.run = run
      self.reason = reason
    }
  }

  /// `parameterConvention` where nobody said.
  public static let unstated = "as given"

  /// The runs, those to fit on and those to compare with.
  public var points: [LawPoint]
  /// The runs left out.
  public var excluded: [Exclusion] = []
  /// The file or folder that it was read from.
  public var source: String
  /// Which parameters N counts: `total`, `matmul`, `body`, or as given in a file.
  public var parameterConvention: String
  /// The validation set.
  public var set: String?
  /// The average error of guessing.
  public var chance: Double?
  /// The error of guessing by task, for the tasks that the average error is over.
  public var taskChances: [String: Double]?
  /// SHA-256 of the file that it was read from, or of the records of a folder; tells whether the
  /// source is still the same.
  public var sourceDigest: String?
  /// What is known of how the runs were trained: the recipe's facts by name.
  public var recipe: [String: String]?
  /// Things that a reader should know before believing a fit.
  public var warnings: [String] = []

  /// - Parameters:
  ///   - points: the runs
  ///   - source: where they were read
  ///   - parameterConvention: which parameters N counts
  public init(points: [LawPoint], source: String, parameterConvention: String = LawData.unstated) {
    self.points = points
    self.source = source
    self.parameterConvention = parameterConvention
  }

  /// Whether the source is still what it was read as: `unchanged`, `changed since`, `gone`, or
  /// `not checked` for a folder of runs, whose records carry digests of their own.
  public var sourceState: String {
    let url = URL(fileURLWithPath: source)
    guard FileManager.default.fileExists(atPath: url.path) else { return "gone" }
    guard !url.isFolder, let bytes = try? Data(contentsOf: url) else { return "not checked" }
    return SHA256.hash(data: bytes).hexadecimal == sourceDigest ? "unchanged" : "changed since"
  }

  /// How many different (N, D) the loss law is fitted on.
  public var fitCells: Int { Set(lossFit.map(\.coordinates)).count }
  /// The points that the loss law is fitted on.
  var lossFit: [LawPoint] { points.filter { $0.role == .fit && $0.loss != nil } }
  /// The points that the error law is fitted on.
  var errorFit: [LawPoint] {
    points.filter { $0.errorRole == .fit && $0.loss != nil && $0.error != nil }
  }
}
