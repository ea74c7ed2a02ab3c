extension ErrorLaw {
  /// The law that fits average errors at losses best, by plain squares; nil for fewer than four
  /// losses, which three coefficients need.
  public init?(fitting points: [(loss: Double, error: Double)]) {
    guard Set(points.map(\.loss)).count >= 4 else { return nil }
    self =
      FittedLaw<ErrorLaw>(
        coordinates: points.map { SIMD2($0.loss, 0) }, values: points.map(\.error),
        objective: .paper
      ).law
  }
}
