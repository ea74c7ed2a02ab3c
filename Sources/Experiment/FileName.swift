/// Names out of files that other people made must not lead out of the folder that they belong in.
extension String {
  /// Whether this is the name of a file or folder, and no path: no `/`, not hidden, not `..`.
  public var isPlainFileName: Bool {
    !isEmpty && utf8.count <= 128 && !hasPrefix(".")
      && unicodeScalars.allSatisfy { $0 != "/" && $0.value >= 32 && $0.value != 127 }
  }
}
