/// The part of YAML 1.2 that settings need: one mapping of names to scalars or to lists of scalars.
///
/// Read are block mappings of one level, block lists, lists in brackets on one line, plain, single
/// and double quoted scalars, null, comments, and the marks of one document's start and end. What
/// YAML has beyond that is refused with its line, never read as something else. Why not all of it:
/// docs/decisions/settings.md.
enum FlatYAML {
  struct Entry: Hashable {
    var key: String
    /// The key's line, from 1 on.
    var line: Int
    /// The scalars; none for null.
    var values: [String] = []
  }

  struct Problem: Error, Hashable {
    var line: Int
    var message: String
  }

  static func parse(_ text: String) throws(Problem) -> [Entry] {
    var entries: [Entry] = []
    /// Whether a list may follow the last key, on lines of their own.
    var awaitsList = false
    var hasEnded = false
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (index, whole) in lines.enumerated() {
      let number = index + 1
      var line = whole
      if index == 0, line.first == "\u{FEFF}" { line.removeFirst() }
      let indent = line.prefix { $0 == " " }.count
      line = line.dropFirst(indent)
      if line.isEmpty || line.hasPrefix("#") { continue }
      if line.hasPrefix("\t") {
        throw Problem(line: number, message: "a tab cannot indent in YAML")
      }
      if hasEnded { throw Problem(line: number, message: "there is one document in this file") }
      if indent == 0, isMark(line, "---"), entries.isEmpty { continue }
      if indent == 0, isMark(line, "...") {
        hasEnded = true
        continue
      }
      if line == "-" || line.hasPrefix("- ") {
        guard awaitsList else {
          throw Problem(line: number, message: "a list belongs under a key that has no value")
        }
        var scanner = ScalarScanner(line.dropFirst(), line: number)
        guard let value = try scanner.scalar() else {
          throw Problem(line: number, message: "an element of a list is empty")
        }
        try scanner.expectEnd()
        entries[entries.count - 1].values.append(value)
        continue
      }
      if indent > 0 {
        throw Problem(
          line: number, message: "settings do not nest: a key begins at the start of its line")
      }
      let entry = try entry(line, number)
      if let other = entries.first(where: { $0.key == entry.key }) {
        throw Problem(line: number, message: "\(entry.key) is set on line \(other.line) already")
      }
      entries.append(entry)
      awaitsList = entry.values.isEmpty
    }
    return entries
  }

  private static func isMark(_ line: Substring, _ mark: String) -> Bool {
    line.hasPrefix(mark) && line.dropFirst(mark.count).allSatisfy { $0 == " " }
  }

  /// Reads `key: value`.
  private static func entry(_ line: Substring, _ number: Int) throws(Problem) -> Entry {
    guard let colon = separator(in: line) else {
      throw Problem(line: number, message: "\"name: value\" is expected here")
    }
    var key = line[..<colon]
    for quote in ["\"", "'"] where key.count >= 2 && key.hasPrefix(quote) && key.hasSuffix(quote) {
      key = key.dropFirst().dropLast()
    }
    var entry = Entry(key: String(key), line: number)
    var scanner = ScalarScanner(line[line.index(after: colon)...], line: number)
    if scanner.isList {
      entry.values = try scanner.list()
    } else if let value = try scanner.scalar() {
      entry.values = [value]
    }
    try scanner.expectEnd()
    return entry
  }

  /// The colon that ends the key.
  private static func separator(in line: Substring) -> Substring.Index? {
    line.indices.first { index in
      guard line[index] == ":" else { return false }
      let next = line.index(after: index)
      return next == line.endIndex || line[next] == " "
    }
  }
}
