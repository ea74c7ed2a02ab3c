import Foundation

/// From data to pixels along one axis, and the ticks that go with it.
struct ChartScale {
  let domain: ClosedRange<Double>
  /// Pixels at the lower and the upper end of the domain.
  let start: Double
  let end: Double
  let isLogarithmic: Bool

  /// The pixel of `value`.
  func callAsFunction(_ value: Double) -> Double {
    let (low, high) = (domain.lowerBound, domain.upperBound)
    let share =
      isLogarithmic
      ? log(value / low) / log(high / low) : (value - low) / (high - low)
    return start + share * (end - start)
  }

  /// The value below which nothing can be drawn.
  func clamped(_ value: Double) -> Double {
    min(max(value, domain.lowerBound), domain.upperBound)
  }

  /// Round values in the domain, about `count` of them.
  func ticks(_ count: Int) -> [Double] {
    isLogarithmic ? logarithmicTicks(count) : linearTicks(count)
  }

  private func linearTicks(_ count: Int) -> [Double] {
    let span = domain.upperBound - domain.lowerBound
    let rough = span / Double(max(1, count))
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    return stride(
      from: (domain.lowerBound / step).rounded(.up), through: domain.upperBound / step, by: 1
    ).map { $0 * step }
  }

  private func logarithmicTicks(_ count: Int) -> [Double] {
    let decades = log10(domain.upperBound / domain.lowerBound)
    let mantissas: [Double] =
      decades > 2.5
      ? [1] : decades > 1.4 ? [1, 2, 5] : decades > 0.5 ? [1, 1.5, 2, 3, 4, 5, 7] : []
    guard !mantissas.isEmpty else { return linearTicks(count) }
    let powers = Int(floor(log10(domain.lowerBound)))...Int(ceil(log10(domain.upperBound)))
    let all = powers.flatMap { power in mantissas.map { $0 * pow(10, Double(power)) } }
      .filter { domain.contains($0) }
    let keep = max(1, Int((Double(all.count) / Double(max(1, count))).rounded(.up)))
    return mantissas.count > 1
      ? all
      : all.filter { Int(log10($0).rounded()).isMultiple(of: keep) }
  }
}

/// A range that holds `values` with some room, in steps of the scale.
func paddedDomain(
  _ values: [Double], logarithmic: Bool, padding: Double = 0.06
) -> ClosedRange<Double> {
  let usable = values.filter { $0.isFinite && (!logarithmic || $0 > 0) }
  guard let low = usable.min(), let high = usable.max() else { return 1...10 }
  if logarithmic {
    let factor = max(pow(high / low, padding), 1.05)
    return low / factor...high * factor
  }
  let room = max((high - low) * padding, 1e-3)
  return low - room...high + room
}

/// A tick as text: `10¹²` for powers of ten that are large, plain digits otherwise.
func tickLabel(_ value: Double) -> String {
  guard abs(value) >= 1e4 || (abs(value) < 1e-3 && value != 0) else {
    let text = String(format: "%.3f", value)
    return text.contains(".")
      ? String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()) : text
  }
  let power = Int(floor(log10(value) + 1e-9))
  let mantissa = value / pow(10, Double(power))
  let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
  let exponent = String(abs(power)).compactMap { $0.wholeNumberValue.map { digits[$0] } }
  let places = abs(mantissa - mantissa.rounded()) < 0.01 ? 1 : 2
  let head = abs(mantissa - 1) < 1e-6 ? "" : Numbers.significant(mantissa, places) + "·"
  return head + "10" + (power < 0 ? "⁻" : "") + String(exponent)
}
