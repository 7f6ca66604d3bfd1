/// Reads the scalars of one line of YAML.
struct ScalarScanner {
  private var rest: Substring
  private let line: Int

  init(_ text: Substring, line: Int) {
    rest = text
    self.line = line
    skipSpaces()
  }

  private mutating func skipSpaces() {
    rest = rest.drop { $0 == " " || $0 == "\t" }
  }

  private func problem(_ message: String) -> FlatYAML.Problem {
    FlatYAML.Problem(line: line, message: message)
  }

  /// Whether a list in brackets begins here.
  var isList: Bool { rest.hasPrefix("[") }

  /// Reads to the end of a list in brackets.
  mutating func list() throws(FlatYAML.Problem) -> [String] {
    rest.removeFirst()
    var values: [String] = []
    while true {
      skipSpaces()
      if rest.hasPrefix("]") { break }
      guard let value = try scalar(inList: true) else {
        throw problem("an element of the list is empty, or its ] is not on this line")
      }
      values.append(value)
      skipSpaces()
      if rest.hasPrefix(",") {
        rest.removeFirst()
      } else if !rest.hasPrefix("]") {
        throw problem("a list in brackets ends on its line, with ]")
      }
    }
    rest.removeFirst()
    return values
  }

  /// Reads one scalar; nil for null or nothing.
  mutating func scalar(inList: Bool = false) throws(FlatYAML.Problem) -> String? {
    skipSpaces()
    switch rest.first {
    case nil: return nil
    case "#" where !inList: return nil
    case "\"": return try doubleQuoted()
    case "'": return try singleQuoted()
    case let first? where "{[&*!|>%@`?,]}#".contains(first):
      throw problem("\"\(first)\" begins something that settings do not have; quote the value")
    default: break
    }
    let text = plain(inList: inList)
    if text == "-" || text.hasPrefix("- ") { throw problem("a list in a list is too much here") }
    if text.contains(": ") || text.hasSuffix(":") {
      throw problem("a value with \": \" in it is quoted")
    }
    return ["", "~", "null", "Null", "NULL"].contains(text) ? nil : text
  }

  /// Nothing but a comment may follow.
  mutating func expectEnd() throws(FlatYAML.Problem) {
    let before = rest
    skipSpaces()
    if rest.isEmpty || rest.hasPrefix("#") && (before.first == " " || before.first == "#") {
      return
    }
    throw problem("\"\(rest)\" is too much here")
  }

  private mutating func plain(inList: Bool) -> String {
    var text = ""
    var wasSpace = true
    while let character = rest.first {
      if character == "#" && wasSpace { break }
      if inList && (character == "," || character == "]") { break }
      wasSpace = character == " " || character == "\t"
      text.append(character)
      rest.removeFirst()
    }
    while text.last == " " || text.last == "\t" {
      text.removeLast()
      rest = " " + rest
    }
    return text
  }

  private mutating func singleQuoted() throws(FlatYAML.Problem) -> String {
    rest.removeFirst()
    var text = ""
    while let character = rest.popFirst() {
      if character != "'" {
        text.append(character)
      } else if rest.first == "'" {
        text.append(rest.removeFirst())
      } else {
        return text
      }
    }
    throw problem("a ' is missing at the end")
  }

  private mutating func doubleQuoted() throws(FlatYAML.Problem) -> String {
    rest.removeFirst()
    var text = ""
    while let character = rest.popFirst() {
      switch character {
      case "\"": return text
      case "\\":
        switch rest.popFirst() {
        case "n": text.append("\n")
        case "t": text.append("\t")
        case let same? where "\\\"/ ".contains(same): text.append(same)
        case let other: throw problem("\\\(other.map(String.init) ?? "") is no escape that is read")
        }
      default: text.append(character)
      }
    }
    throw problem("a \" is missing at the end")
  }
}
