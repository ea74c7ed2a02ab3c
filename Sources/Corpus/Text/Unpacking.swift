import Experiment
import Foundation

/// Unpacks a downloaded package into the empty `folder`. The unpackers refuse names that lead out of
/// it, and nothing in it is executed.
func unpack(_ file: URL, into folder: URL) throws(UserError) {
  try freshFolder(folder)
  let name = file.lastPathComponent
  let answer: Command?
  if name.hasSuffix(".deb") {
    answer = try Command.run("dpkg-deb", ["-x", file.path, folder.path])
  } else if name.hasSuffix(".whl") {
    answer = try Command.run("python3", ["-m", "zipfile", "-e", file.path, folder.path])
  } else {
    answer = try Command.run("tar", ["-xzf", file.path, "-C", folder.path, "--no-same-owner"])
  }
  guard let answer, answer.status == 0 else {
    throw UserError(
      .badData, "cannot unpack: \(answer?.complaint ?? "the program for it is missing")",
      at: file.path, fix: "delete the file and run the same command again")
  }
}

/// A short name for the licence of an unpacked package: the License fields of its copyright file,
/// else what the file's words say.
func licence(ofPackage package: String, in files: [SourceFile]) throws(UserError) -> String {
  // The package's own folder may be a link to that of one it belongs to.
  let debian =
    files.first { $0.path == "usr/share/doc/\(package)/copyright" }
    ?? files.first { $0.path.hasPrefix("usr/share/doc/") && $0.path.hasSuffix("/copyright") }
  let python = files.first { $0.path.hasSuffix("METADATA") || $0.path.hasSuffix("PKG-INFO") }
  guard let text = try (debian ?? python)?.text() else { return "see the package" }
  var names: [String] = []
  for line in text.lines() where line.starts(with: "License:") {
    let name = String(decoding: line.dropFirst(8).collapsed(), as: UTF8.self)
    if !name.isEmpty, name != "UNKNOWN", !names.contains(name) { names.append(name) }
  }
  if names.isEmpty {
    let words = String(decoding: text, as: UTF8.self).lowercased()
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    names = licenceWords.filter { words.contains($0.words) }.map(\.name)
    names = Array(names.prefix(3)) + ["see the package's copyright file"]
  }
  return names.prefix(6).joined(separator: ", ")
}

private let licenceWords = [
  (words: "public domain", name: "public domain"),
  (words: "gnu general public license", name: "GPL"),
  (words: "gnu free documentation license", name: "GFDL"),
  (words: "creative commons", name: "Creative Commons"),
  (words: "redistribution and use in source and binary forms", name: "BSD"),
  (words: "permission is hereby granted, free of charge", name: "MIT"),
]
