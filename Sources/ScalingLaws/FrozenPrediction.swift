import Crypto
import Experiment
import Foundation

/// A prediction written down before the run is trained, so that nobody can say later that it was
/// adjusted: with its date, and a hash over itself and the runs it rests on.
public struct FrozenPrediction: Codable, Sendable, Equatable {
  /// When it was frozen, ISO 8601.
  public let date: String
  /// The fit's name.
  public let fit: String
  /// The law, objective and level.
  public let options: FitOptions
  /// The prediction.
  public let prediction: Prediction
  /// Of the fit's runs and options.
  public let inputHash: String
  /// Of all of the above.
  public let hash: String

  /// Freezes what `fit` says of a run.
  public init(_ fit: Fit, _ prediction: Prediction, date: Date = Date()) throws(UserError) {
    self.date = ISO8601DateFormatter().string(from: date)
    self.fit = fit.name
    options = fit.options
    self.prediction = prediction
    inputHash = try Self.inputHash(of: fit)
    hash = try Self.digest(
      Sealed(date: self.date, fit: self.fit, prediction: prediction, inputHash: inputHash))
  }

  /// SHA-256 of the runs and options of a fit: equal hashes, equal fits.
  public static func inputHash(of fit: Fit) throws(UserError) -> String {
    try digest(Inputs(data: fit.data, pool: fit.pool, options: fit.options))
  }

  private struct Inputs: Encodable {
    let data: LawData
    let pool: [LawData]
    let options: FitOptions
  }
  private struct Sealed: Encodable {
    let date: String
    let fit: String
    let prediction: Prediction
    let inputHash: String
  }

  private static func digest(_ value: some Encodable) throws(UserError) -> String {
    do {
      return SHA256.hash(data: try StableJSON.encode(value)).hexadecimal
    } catch { throw UserError(.failure, "cannot encode the prediction: \(error)") }
  }

  /// Writes it; a frozen prediction is never overwritten.
  public func write(to url: URL) throws(UserError) {
    guard !FileManager.default.fileExists(atPath: url.path) else {
      throw UserError(
        .usage, "a frozen prediction is there already", at: url.relativePath,
        fix: "choose another name: what is frozen stays")
    }
    do { try DurableFile.write(json: self, to: url) } catch {
      // Or the next try would find what this one could not make durable.
      try? FileManager.default.removeItem(at: url)
      throw error
    }
  }

  /// Reads one.
  ///
  /// - Throws: `UserError` when its numbers are not those that were frozen.
  public static func read(_ url: URL) throws(UserError) -> FrozenPrediction {
    let frozen = try StableJSON.decode(FrozenPrediction.self, from: url)
    let found = try digest(
      Sealed(
        date: frozen.date, fit: frozen.fit, prediction: frozen.prediction,
        inputHash: frozen.inputHash))
    guard found == frozen.hash else {
      throw UserError(
        .badData, "the hash is not that of the numbers: the file was edited", at: url.relativePath,
        fix: "score the file that was written by predict --freeze")
    }
    return frozen
  }

  /// The prediction beside what was measured.
  public func scored(loss: Double?, error: Double?) -> Prediction {
    Prediction(
      run: prediction.run, parameters: prediction.parameters, tokens: prediction.tokens,
      compute: prediction.compute, tokenMultiplier: prediction.tokenMultiplier,
      extrapolation: prediction.extrapolation, reach: prediction.reach,
      loss: prediction.loss.compared(with: loss),
      error: prediction.error?.compared(with: error))
  }
}
