import MoldauProtocol

/// What the text of a setting may be.
enum SettingKind: Hashable, Sendable {
  case boolean
  /// A whole number that Kafka keeps in 32 bits.
  case int(ClosedRange<Int64>)
  /// A whole number that Kafka keeps in 64 bits.
  case long(ClosedRange<Int64>)
  case double(ClosedRange<Double>)
  /// One of these words.
  case choice([String])
  /// Some of these words with commas between them, at least one.
  case list([String])
  /// Any words with commas between them, of printable ASCII without blanks; may be empty.
  case words

  /// Returns the text in the form in which it is kept.
  ///
  /// - Throws: when it is none of this kind; the message names `key` and what is allowed.
  func canonical(_ text: String, key: String) throws(AdministrationRefusal) -> String {
    let text = Self.trimmed(text)
    switch self {
    case .boolean:
      let word = text.lowercased()
      guard word == "true" || word == "false" else {
        throw refusal(key, text, "it must be true or false")
      }
      return word
    case .int(let range), .long(let range):
      guard let number = Int64(text), range.contains(number) else {
        throw refusal(key, text, "it must be a whole number \(Self.text(of: range))")
      }
      return "\(number)"
    case .double(let range):
      guard let number = Double(text), range.contains(number) else {
        throw refusal(
          key, text, "it must be a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return "\(number)"
    case .choice(let words):
      guard words.contains(text) else {
        throw refusal(key, text, "it must be one of \(words.joined(separator: ", "))")
      }
      return text
    case .list(let words):
      let items = Self.items(of: text)
      guard !items.isEmpty, items.allSatisfy(words.contains) else {
        throw refusal(
          key, text,
          "it must be one or more of \(words.joined(separator: ", ")), with commas"
            + " between them")
      }
      return items.joined(separator: ",")
    case .words:
      guard text.utf8.count <= Limits.settingBytes,
        text.utf8.allSatisfy({ $0 > UInt8(ascii: " ") && $0 < 0x7F })
      else {
        throw refusal(
          key, text,
          "it must be at most \(Limits.settingBytes) printable characters of ASCII"
            + " without blanks")
      }
      return Self.items(of: text).joined(separator: ",")
    }
  }

  /// Whether values can be added to it and taken out of it.
  var isList: Bool {
    switch self {
    case .list, .words: true
    default: false
    }
  }

  /// How DescribeConfigs tells it.
  var valueType: Int8 {
    switch self {
    case .boolean: DescribeConfigsResponse.ValueType.boolean
    case .int: DescribeConfigsResponse.ValueType.int
    case .long: DescribeConfigsResponse.ValueType.long
    case .double: DescribeConfigsResponse.ValueType.double
    case .choice: DescribeConfigsResponse.ValueType.string
    case .list, .words: DescribeConfigsResponse.ValueType.list
    }
  }

  /// The words of a list, each once, in their order.
  static func items(of text: String) -> [String] {
    var items: [String] = []
    for item in text.split(separator: ",") {
      let item = trimmed(String(item))
      if !item.isEmpty, !items.contains(item) { items.append(item) }
    }
    return items
  }

  private static func trimmed(_ text: String) -> String {
    var rest = text[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  private static func text(of range: ClosedRange<Int64>) -> String {
    range.upperBound == .max
      ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
  }

  private func refusal(_ key: String, _ text: String, _ rule: String) -> AdministrationRefusal {
    AdministrationRefusal(.invalidConfig, "\(key): \"\(text.prefix(200))\" is refused: \(rule)")
  }
}
