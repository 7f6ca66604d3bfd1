import Testing

/// The rules of style that a look at the text can check; `swift format` and the compiler check more.
struct StyleTests {
  @Test("a source file that is no table of constants has at most 500 lines")
  func fileLengths() throws {
    let files =
      try House.files(in: "Sources", extensions: ["swift", "c", "h"])
      + House.files(in: "Benchmarks", extensions: ["swift", "c", "h"])
    let offences = files.filter { $0.lines.count > 501 && !$0.name.hasSuffix("_tables.h") }
      .map { "\($0): \($0.lines.count) lines" }
    #expect(offences == [])
  }

  /// Written in halves, so that this file does not break its own rule.
  static let banned: [(half: String, rest: String)] = [
    ("try", "?"), ("try", "!"), ("TO", "DO"), ("FIX", "ME"),
  ]

  @Test("no error is dropped and nothing is left for later", arguments: banned)
  func bannedWords(half: String, rest: String) throws {
    let files = try House.swiftFiles(in: "Sources", "Benchmarks", "Tests")
    let word = try Regex("\\b\(half)\(rest)".replacing("?", with: "\\?"))
    let offences = files.flatMap { $0.offences { $0.contains(word) } }
    #expect(offences == [])
  }

  @Test("a comment's tag is one of the three")
  func tags() throws {
    let known: Set<Substring> = ["HOT", "SAFETY", "INVARIANT", "MARK"]
    let offences = try House.swiftFiles(in: "Sources", "Benchmarks").flatMap { file in
      file.offences { line in
        guard let tag = line.firstMatch(of: /\/\/+ ([A-Z]{3,}):/) else { return false }
        return !known.contains(tag.output.1)
      }
    }
    #expect(offences == [])
  }

  @Test("a file's name says what is in it", arguments: ["Util", "Helper", "Common", "Impl", "New"])
  func fileNames(word: String) throws {
    let files = try House.swiftFiles(in: "Sources", "Benchmarks", "Tests")
    let endings = ["\(word).swift", "\(word)s.swift"]
    #expect(files.filter { file in endings.contains { file.name.hasSuffix($0) } }.map(\.path) == [])
  }

  @Test("nothing names a folder of the machine on which it was written")
  func machinePaths() throws {
    let folders = ["Sources", "Benchmarks", "Tests", "docs"]
    let extensions: Set<String> = ["swift", "c", "h", "md", "sh", "py", "modulemap", ""]
    let files =
      try folders.flatMap { try House.files(in: $0, extensions: extensions) }
      + ["README.md", "Package.swift", ".ci/run"].map { try House.file($0) }
    let pattern = /(^|[\s"'`(=:])\/(work|root|home|tmp|Users)\/[A-Za-z0-9]/
    let offences = files.filter { $0.name != "StyleTests.swift" }
      .flatMap { $0.offences { $0.contains(pattern) } }
    #expect(offences == [])
  }
}
