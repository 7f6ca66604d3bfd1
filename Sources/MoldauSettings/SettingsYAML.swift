import Yams

/// The mapping in a settings file: names to scalars or to lists of scalars, read as YAML 1.1 reads
/// them (Yams).
enum SettingsYAML {
  struct Entry: Hashable {
    var key: String
    /// The key's line, from 1 on.
    var line: Int
    /// The scalars as they are written; none for null.
    var values: [String] = []
  }

  struct Problem: Error, Hashable {
    var line: Int
    var message: String
  }

  static func parse(_ text: String) throws(Problem) -> [Entry] {
    guard let root = try document(in: text) else { return [] }
    guard let mapping = root.mapping else {
      if isNull(root) { return [] }
      throw Problem(line: line(of: root), message: "\"name: value\" is expected here")
    }
    var entries: [Entry] = []
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        throw Problem(line: line(of: key), message: "the name of a setting is expected here")
      }
      entries.append(
        Entry(key: name, line: line(of: key), values: try values(value, of: name)))
    }
    return entries
  }

  private static func document(in text: String) throws(Problem) -> Node? {
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw problem(error)
    } catch {
      throw Problem(line: 1, message: "\(error)")
    }
  }

  private static func values(_ node: Node, of name: String) throws(Problem) -> [String] {
    switch node {
    case .scalar(let scalar):
      return isNull(node) ? [] : [scalar.string]
    case .sequence(let elements):
      var values: [String] = []
      for element in elements {
        guard let scalar = element.scalar, !isNull(element) else {
          throw Problem(
            line: line(of: element), message: "\(name): an element of its list is no single value")
        }
        values.append(scalar.string)
      }
      return values
    case .mapping, .alias:
      throw Problem(line: line(of: node), message: "\(name): settings do not nest")
    }
  }

  private static func isNull(_ node: Node) -> Bool { node.tag == Tag(.null) }

  private static func line(of node: Node) -> Int { node.mark?.line ?? 1 }

  private static func problem(_ error: YamlError) -> Problem {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      Problem(line: mark.line, message: problem)
    case .reader(let problem, let offset, _, let text):
      Problem(line: 1 + text.prefix(offset ?? 0).count { $0.isNewline }, message: problem)
    case .duplicatedKeysInMapping(let names, let context):
      Problem(
        line: context.mark.line,
        message: "set more than once: \(names.sorted().joined(separator: ", "))")
    case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
      Problem(line: 1, message: "\(error)")
    }
  }
}
