import Foundation

/// Numbers as people read them.
public enum Numbers {
  /// 1439795200 as `1.44B`, with three significant digits.
  public static func short(_ value: Double) -> String {
    for (limit, suffix) in [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")]
    where abs(value) >= limit * 0.9995 {
      return significant(value / limit, 3) + suffix
    }
    return significant(value, 3)
  }

  /// Powers of ten as `1.2e19`.
  public static func scientific(_ value: Double) -> String {
    String(format: "%.1e", value).replacingOccurrences(of: "e+", with: "e")
  }

  /// `digits` significant digits without an exponent.
  public static func significant(_ value: Double, _ digits: Int) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
    // A value just below a power of ten may round up to it.
    let power = Int(floor(log10(abs(value)) + 0.5 * pow(10, -Double(digits))))
    return String(format: "%.\(min(max(0, digits - 1 - power), 12))f", value)
  }

  /// A token multiplier: `20`, `2.5`, `13.3`.
  public static func multiplier(_ value: Double) -> String {
    abs(value - value.rounded()) < 0.02 * value && value >= 4.9
      ? fixed(value.rounded(), 0) : significant(value, 2)
  }

  /// A fixed number of decimals.
  public static func fixed(_ value: Double, _ decimals: Int) -> String {
    String(format: "%.\(decimals)f", value)
  }

  /// A share as `1.23 %`.
  public static func percent(_ share: Double, _ decimals: Int = 2) -> String {
    String(format: "%.\(decimals)f %%", 100 * share)
  }
}
