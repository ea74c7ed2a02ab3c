import Experiment

/// Documents, each a list of paragraphs, out of a source's files.
func extractedDocuments(
  _ source: CorpusConfig.Source, _ allFiles: [SourceFile]
) throws(UserError) -> [[Bytes]] {
  let files = allFiles.filter { file in source.files.map { file.path.hasSuffix($0) } ?? true }
  var documents: [[Bytes]] = []
  if source.format == .sword { return try swordDocuments(files) }
  for file in files {
    guard let format = format(of: file, in: source) else { continue }
    if format == .rdb {
      documents += rDataTexts(try file.contents()).map(plainParagraphs)
      continue
    }
    guard let text = try file.text() else { continue }
    switch format {
    case .documents: documents.append(documentParagraphs(text, file))
    case .text: documents.append(plainParagraphs(text))
    case .jsonl:
      documents += try JSONText.lines(text, field: source.field ?? "text", file: file.url.path)
    case .json:
      documents += try JSONText.object(text, field: source.field ?? "text", file: file.url.path)
    case .dictd: documents += dictdEntries(text)
    case .gcide: documents += dictdEntries(text, withoutOrigins: true)
    case .wordnet:
      let part = file.path.split(separator: ".").last.map(String.init) ?? ""
      documents += wordNetEntries(text, partOfSpeech: part)
    case .fortunes: documents.append(fortuneEntries(text))
    case .code: documents.append(codeBlocks(text))
    case .descriptions: documents += packageDescriptions(text)
    case .sword, .rdb: break
    }
  }
  return documents.filter { !$0.isEmpty }
}

/// How to read `file`, nil to leave it out.
private func format(
  of file: SourceFile, in source: CorpusConfig.Source
) -> CorpusConfig.Format? {
  let name = "/" + file.plainName
  guard let format = source.format else {
    // Of a user's files all are wanted.
    if source.origin == .files {
      if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") { return .jsonl }
      return isPage(name) ? .documents : .text
    }
    return isDocument(name) ? .documents : nil
  }
  let isWanted =
    switch format {
    case .documents: isDocument(name)
    case .dictd, .gcide: name.hasSuffix(".dict.dz") || name.hasSuffix(".dict")
    case .wordnet: ["noun", "verb", "adj", "adv"].contains { name.hasSuffix("/data.\($0)") }
    case .fortunes:
      name.contains("/games/fortunes/") && !name.hasSuffix(".dat") && !name.hasSuffix(".u8")
        && !name.contains("ascii")
    case .rdb: name.hasSuffix("/rdata.rdb")
    case .text, .jsonl, .json, .code, .descriptions, .sword: true
    }
  return isWanted ? format : nil
}

private func isPage(_ name: String) -> Bool {
  [".html", ".htm", ".xhtml", ".docbook", ".page", ".xml", ".sgml"].contains(where: name.hasSuffix)
}

private func isManPage(_ name: String) -> Bool {
  name.contains("/man/") && name.split(separator: ".").last?.first?.isNumber == true
}

/// Whether a file of a package may hold prose: known by its ending, and neither an index nor a
/// source listing nor a notice.
private func isDocument(_ name: String) -> Bool {
  let endings = [".pod", ".txt", ".text", ".rst", ".md", ".adoc", ".asciidoc", ".info"]
  let indexes = [
    "/changelog", "/copyright", "/news", "/_sources/", "/genindex", "/py-modindex", "/searchindex",
    "/search.html", "/hierarchy.html", "/classes.html", "/functions_", "/globals_",
    "/inherits.html", "/files.html", "_source.html", "/annotated.html", "/index-files/",
    "/allclasses", "/overview-tree", "/package-tree", "/class-use/", "/package-use",
    "/constant-values", "/serialized-form", "/deprecated-list", "/src-html/", ".js.html",
    "/lintian/", "/doc-base/", "/locale/", "-members.html",
  ]
  return (isPage(name) || isManPage(name) || endings.contains(where: name.hasSuffix))
    && !indexes.contains(where: name.contains)
}

private func documentParagraphs(_ text: Bytes, _ file: SourceFile) -> [Bytes] {
  let name = "/" + file.plainName
  if isPage(name) { return Markup.page.paragraphs(text) }
  if isManPage(name) { return manParagraphs(text) }
  return name.hasSuffix(".pod") ? podParagraphs(text) : plainParagraphs(text)
}

/// A module's parts lie in three files that differ in the last letter of their name.
private func swordDocuments(_ files: [SourceFile]) throws(UserError) -> [[Bytes]] {
  var documents: [[Bytes]] = []
  guard let configuration = files.first(where: { $0.path.hasSuffix(".conf") }) else {
    return documents
  }
  let module = SwordModule(configuration: try configuration.contents())
  func sibling(_ file: SourceFile, _ ending: String) throws(UserError) -> Bytes {
    let path = file.path.dropLast(ending.count) + ending
    return try files.first { $0.path == path }?.contents() ?? []
  }
  for file in files {
    if file.path.hasSuffix(".bzz") || file.path.hasSuffix(".czz") {
      documents += module.documents(
        blocks: try file.contents(), index: try sibling(file, "s"), verses: try sibling(file, "v"))
    } else if file.path.hasSuffix(".zdt") {
      documents.append(
        SwordModule.entries(index: try sibling(file, "zdx"), blocks: try file.contents()))
    }
  }
  return documents
}
