import Foundation

extension LawData {
  /// This data with the loss on another validation set; runs without one lose theirs and only wait to
  /// be predicted.
  public func on(set: String) -> LawData {
    var copy = self
    copy.set = set
    copy.points = points.compactMap { point in
      let loss = point.setLosses?[set]
      guard loss != nil || (point.role != .fit && point.errorRole != .fit) else { return nil }
      return point.with(loss: loss)
    }
    return copy
  }

  /// The validation sets that some run has a loss on.
  public var sets: [String] { Set(points.flatMap { ($0.setLosses ?? [:]).keys }).sorted() }

  /// This data with N as another convention counts it; nil unless every run has it.
  public func counting(_ convention: String) -> LawData? {
    var copy = self
    copy.parameterConvention = convention
    let counted = points.compactMap { point in
      point.otherCounts?[convention].map { point.with(parameters: $0) }
    }
    guard counted.count == points.count else { return nil }
    copy.points = counted
    return copy
  }
}

extension LawPoint {
  /// This run with another loss.
  package func with(loss: Double?) -> LawPoint { with(parameters: parameters, loss: loss) }
  /// This run with another N.
  func with(parameters: Double) -> LawPoint { with(parameters: parameters, loss: loss) }

  private func with(parameters: Double, loss: Double?) -> LawPoint {
    var copy = LawPoint(
      run: run, parameters: parameters, tokens: tokens, loss: loss, error: error, role: role,
      errorRole: errorRole, location: location)
    copy.taskErrors = taskErrors
    copy.setLosses = setLosses
    copy.otherCounts = otherCounts
    copy.uniqueTokens = uniqueTokens
    copy.weight = weight
    copy.config = config
    return copy
  }
}
