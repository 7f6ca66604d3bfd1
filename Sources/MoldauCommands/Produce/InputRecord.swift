import MoldauFormat

/// A record of the input.
struct InputRecord: Equatable {
  var key: [UInt8]?
  var value: [UInt8]?
  var headers: [RecordHeader] = []
  var partition: Int32?
  var timestampMilliseconds: Int64?
}

extension InputRecord {
  /// Reads a line: a value, or a key and a value.
  ///
  /// - Parameters:
  ///   - keySeparator: what stands behind the key; a line without it has no key.
  ///   - null: a key or value that is this is null.
  init(line: [UInt8], keySeparator: [UInt8]?, null: [UInt8]?) {
    self.init()
    func nullable(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
      if let null, bytes.elementsEqual(null) { return nil }
      return Array(bytes)
    }
    guard let keySeparator, let found = line.firstRange(of: keySeparator) else {
      value = nullable(line[...])
      return
    }
    key = nullable(line[..<found.lowerBound])
    value = nullable(line[found.upperBound...])
  }

  private static let ignored: Set<String> = ["type", "topic", "offset"]

  /// Reads a line of JSON, as `moldau consume --json` writes it.
  ///
  /// Key and value are strings, of which `keyEncoding` and `valueEncoding` say how they stand for
  /// bytes: `utf8`, which is meant where they are missing, `base64` or `hex`. A value that is no
  /// string is its JSON text.
  init(json line: [UInt8]) throws(CommandFailure) {
    self.init()
    let members = try Self.members(line)
    for member in members {
      switch (member.name, member.value) {
      case ("key", _):
        key = try Self.bytes(member, line, encoding: Self.text("keyEncoding", in: members))
      case ("value", _):
        value = try Self.bytes(member, line, encoding: Self.text("valueEncoding", in: members))
      case ("keyEncoding", _), ("valueEncoding", _): break
      case ("partition", .integer(let number)): partition = Int32(exactly: number) ?? -1
      case ("partition", .null), ("timestampMilliseconds", .null), ("headers", .null): break
      case ("timestampMilliseconds", .integer(let number)): timestampMilliseconds = number
      case ("headers", .array(let elements)):
        for element in elements { headers.append(try Self.header(element)) }
      case (let name, _) where Self.ignored.contains(name): break
      case ("partition", _), ("timestampMilliseconds", _), ("headers", _):
        throw CommandFailure("the field \"\(member.name)\" has a value of the wrong kind")
      default:
        throw CommandFailure(
          "the field \"\(member.name)\" is none of key, value, headers, partition and "
            + "timestampMilliseconds")
      }
    }
  }

  private static func members(_ line: [UInt8]) throws(CommandFailure) -> [ParsedJSON.Member] {
    let parsed: ParsedJSON
    do throws(ParsedJSON.Failure) {
      parsed = try ParsedJSON(parsing: line)
    } catch {
      throw CommandFailure("\(error.reason), at byte \(error.position)")
    }
    guard case .object(let members) = parsed else { throw CommandFailure("it is no object") }
    return members
  }

  private static func text(_ name: String, in members: [ParsedJSON.Member]) -> String? {
    guard case .string(let text) = members.first(where: { $0.name == name })?.value else {
      return nil
    }
    return text
  }

  private static func bytes(
    _ member: ParsedJSON.Member, _ line: [UInt8], encoding: String?
  ) throws(CommandFailure) -> [UInt8]? {
    switch member.value {
    case .null: return nil
    case .string(let text): return try bytes(of: text, encoding, member.name)
    default: return Array(line[member.range])
    }
  }

  private static func bytes(
    of text: String, _ encoding: String?, _ name: String
  ) throws(CommandFailure) -> [UInt8] {
    let decoded: [UInt8]?
    switch encoding {
    case nil, "utf8": decoded = Array(text.utf8)
    case "base64": decoded = Base64.decode(text.utf8)
    case "hex": decoded = hexadecimal(text)
    case let other?: throw CommandFailure("\"\(other)\" is none of utf8, base64 and hex")
    }
    guard let decoded else {
      throw CommandFailure("the field \"\(name)\" is not \(encoding ?? "utf8")")
    }
    return decoded
  }

  private static func hexadecimal(_ text: String) -> [UInt8]? {
    let digits = Array(text)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard digits[index].isHexDigit, digits[index + 1].isHexDigit,
        let byte = UInt8(String(digits[index...(index + 1)]), radix: 16)
      else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func header(_ element: ParsedJSON) throws(CommandFailure) -> RecordHeader {
    guard case .object(let members) = element, let name = text("name", in: members) else {
      throw CommandFailure("a header is an object with a name and a value")
    }
    guard let member = members.first(where: { $0.name == "value" }), member.value != .null else {
      return RecordHeader(name: name, value: nil)
    }
    guard case .string(let value) = member.value else {
      throw CommandFailure("the value of the header \"\(name)\" is no string")
    }
    let encoding = text("valueEncoding", in: members)
    return RecordHeader(name: name, value: try bytes(of: value, encoding, name))
  }
}
