extension Sequence<UInt8> {
  /// Two digits a byte, as digests are written.
  public var hexadecimal: String {
    map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

extension UInt64 {
  /// Sixteen digits, as stable hashes are written.
  public var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
