import Foundation
import Testing

struct DocumentationTests {
  private func pages() throws -> [House.File] {
    try House.files(in: "docs", extensions: ["md"]) + [House.file("README.md")]
  }

  @Test("every link of a page leads somewhere")
  func links() throws {
    for page in try pages() {
      let folder = page.path.split(separator: "/").dropLast().joined(separator: "/")
      for link in page.lines.flatMap({ $0.matches(of: /\]\(([^)\s]+)\)/) }).map(\.output.1) {
        guard !link.hasPrefix("http") else { continue }
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let target = parts[0].isEmpty ? page.path : resolve(String(parts[0]), in: folder)
        #expect(House.exists(target), "\(page): \(link)")
        guard parts.count > 1, House.exists(target) else { continue }
        #expect(try anchors(of: target).contains(String(parts[1])), "\(page): \(link)")
      }
    }
  }

  private func resolve(_ link: String, in folder: String) -> String {
    var parts = folder.split(separator: "/").map(String.init)
    for part in link.split(separator: "/") {
      if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
    }
    return parts.joined(separator: "/")
  }

  /// The names under which a page's headings can be linked to.
  private func anchors(of path: String) throws -> Set<String> {
    let headings = try House.file(path).lines.filter { $0.hasPrefix("#") }
    return Set(
      headings.map { heading in
        heading.drop { $0 == "#" || $0 == " " }.lowercased()
          .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
          .replacing(" ", with: "-")
      })
  }

  @Test("every page that the code names is there")
  func namedPages() throws {
    let files =
      try House.swiftFiles(in: "Sources", "Benchmarks", "Tests")
      + House.files(in: "Sources", extensions: ["c", "h"])
    for file in files {
      for line in file.lines {
        for page in line.matches(of: /docs\/[a-zA-Z0-9_\/-]+\.md/).map(\.output) {
          let isThere = House.exists(String(page))
          #expect(isThere, "\(file): \(page)")
        }
      }
    }
  }

  @Test("every source file that a page names is there")
  func namedSources() throws {
    let paths = try ["Sources", "Benchmarks", "Tests"]
      .flatMap { try House.files(in: $0, extensions: ["swift", "c", "h"]) }.map(\.path)
    for page in try pages() {
      for line in page.lines {
        for name in line.matches(of: /`([A-Za-z0-9_+\/-]+\.(?:swift|c|h))`/).map(\.output.1) {
          let isThere = House.exists(String(name)) || paths.contains { $0.hasSuffix("/\(name)") }
          #expect(isThere, "\(page): \(name)")
        }
      }
    }
  }

  @Test("every page of a folder is in the folder's list", arguments: ["format", "decisions"])
  func lists(folder: String) throws {
    let list = try House.file("docs/\(folder)/README.md").lines.joined(separator: "\n")
    for page in try House.files(in: "docs/\(folder)", extensions: ["md"]).map(\.name) {
      #expect(page == "README.md" || list.contains("(\(page))"), "\(folder)/\(page)")
    }
  }

  @Test("everything public says what it is")
  func publicComments() throws {
    let declaration =
      /^\s*(public|open)\s+([a-z]+ )*(struct|class|enum|protocol|actor|func|var|let|init|subscript)\b/
    // What a protocol asks for is documented there.
    let exempt =
      /import |func (makeAsyncIterator|next|hash|<)|struct Iterator:|var (description|recordBytes):/
    let targets = ["MoldauFormat", "MoldauLog", "MoldauServer", "MoldauBroker", "MoldauTesting"]
    let files = try targets.flatMap { try House.swiftFiles(in: "Sources/\($0)") }
    var offences: [String] = []
    for file in files {
      for (index, line) in file.lines.enumerated() where line.contains(declaration) {
        if line.contains(exempt) || isCommented(file.lines, at: index) { continue }
        offences.append("\(file):\(index + 1): \(line)")
      }
    }
    #expect(offences == [])
  }

  /// Whether a comment stands above a declaration, with nothing but attributes between.
  private func isCommented(_ lines: [String], at index: Int) -> Bool {
    for line in lines[..<index].reversed() {
      let text = line.drop { $0 == " " }
      if text.hasPrefix("///") { return true }
      if !text.hasPrefix("@") { return false }
    }
    return false
  }
}
