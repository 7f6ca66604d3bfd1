import MoldauServer

/// A setting's value.
enum SettingValue: Hashable, Sendable {
  case text(String)
  case boolean(Bool)
  case integer(Int)
  case size(Int)
  /// nil: switched off.
  case duration(Duration?)
  case address(HostAndPort)
  /// nil in a list: none for this listener.
  case addresses([HostAndPort?])
}

/// What a setting's value can be, and how it is written.
package enum SettingKind: Hashable, Sendable {
  case directory
  case boolean
  case integer(ClosedRange<Int>)
  case size(ClosedRange<Int>)
  /// `off` is the word for no limit, where there can be none.
  case duration(ClosedRange<Duration>, off: String?)
  case choice([String])
  case address
  /// `zk://HOST:PORT,…/PATH`, or `embedded`.
  case coordination
  /// Several, one for each listener; `isOptional`: `auto` stands for none.
  case addresses(isOptional: Bool)

  /// The name of the kind, for tables.
  package var name: String {
    switch self {
    case .directory: "directory"
    case .boolean: "boolean"
    case .integer: "integer"
    case .size: "size"
    case .duration: "duration"
    case .choice: "word"
    case .address: "address"
    case .coordination: "ensemble"
    case .addresses: "addresses"
    }
  }

  /// What stands behind a flag in its help.
  package var valueName: String {
    switch self {
    case .directory: "dir"
    case .boolean: "true|false"
    case .integer: "n"
    case .size: "size"
    case .duration: "duration"
    case .choice(let words): words.joined(separator: "|")
    case .address, .addresses: "host:port"
    case .coordination: "zk://host:port,…/path"
    }
  }

  /// What values it can have, for people; empty when the kind's name says it.
  package var range: String {
    switch self {
    case .directory, .boolean, .address, .addresses, .coordination: ""
    case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
    case .size(let range):
      "\(HumanUnits.text(byteCount: range.lowerBound)) to "
        + HumanUnits.text(byteCount: range.upperBound)
    case .duration(let range, let off):
      "\(HumanUnits.text(range.lowerBound)) to \(HumanUnits.text(range.upperBound))"
        + (off.map { ", \($0)" } ?? "")
    case .choice(let words): words.joined(separator: ", ")
    }
  }

  /// Whether several values make one.
  package var isList: Bool { if case .addresses = self { true } else { false } }

  // MARK: Reading

  /// Why a text is no value.
  struct Refusal: Error, Hashable {
    let reason: String
  }

  func parse(_ texts: [String]) throws(Refusal) -> SettingValue {
    if case .addresses(let isOptional) = self {
      var addresses: [HostAndPort?] = []
      for text in texts {
        addresses.append(isOptional && text == "auto" ? nil : try address(text))
      }
      return .addresses(addresses)
    }
    guard let text = texts.first, texts.count == 1 else {
      throw Refusal(reason: "it takes one value, not \(texts.count)")
    }
    return try parse(text)
  }

  private func parse(_ text: String) throws(Refusal) -> SettingValue {
    switch self {
    case .directory:
      if text.isEmpty { throw Refusal(reason: "it must not be empty") }
      return .text(text)
    case .boolean:
      return .boolean(try boolean(text))
    case .integer(let range):
      guard let number = Int(text) else { throw Refusal(reason: "\"\(text)\" is no whole number") }
      guard range.contains(number) else { throw outside(text) }
      return .integer(number)
    case .size(let range):
      guard let size = HumanUnits.size(text) else {
        throw Refusal(reason: "\"\(text)\" is no size; write 512MiB, 1GiB or a number of bytes")
      }
      guard range.contains(size) else { throw outside(text) }
      return .size(size)
    case .duration(let range, let off):
      if let off, text == off { return .duration(nil) }
      guard let duration = HumanUnits.duration(text) else {
        throw Refusal(reason: "\"\(text)\" is no duration; write 500ms, 30s, 10m, 2h or 7d")
      }
      guard range.contains(duration) else { throw outside(text) }
      return .duration(duration)
    case .choice(let words):
      guard words.contains(text) else {
        throw Refusal(reason: "\"\(text)\" is none of \(words.joined(separator: ", "))")
      }
      return .text(text)
    case .address, .addresses:
      return .address(try address(text))
    case .coordination:
      return .text(try coordination(text))
    }
  }

  private func outside(_ text: String) -> Refusal {
    Refusal(reason: "\(text) is outside \(range)")
  }

  private func boolean(_ text: String) throws(Refusal) -> Bool {
    switch text.lowercased() {
    case "true", "yes", "on", "1": return true
    case "false", "no", "off", "0": return false
    default: throw Refusal(reason: "\"\(text)\" is neither true nor false")
    }
  }

  private func coordination(_ text: String) throws(Refusal) -> String {
    if text == ServeClusterSettings.embedded { return text }
    let scheme = "zk://"
    guard text.hasPrefix(scheme), text.count > scheme.count else {
      throw Refusal(
        reason: "\"\(text)\" is neither zk://HOST:PORT,…/PATH nor \(ServeClusterSettings.embedded)")
    }
    return text
  }

  private func address(_ text: String) throws(Refusal) -> HostAndPort {
    guard let address = HostAndPort(text) else {
      throw Refusal(reason: "\"\(text)\" is neither HOST:PORT nor [IPv6]:PORT")
    }
    return address
  }
}

extension SettingValue {
  /// The value as a person would write it.
  var text: String {
    switch self {
    case .text(let text): text
    case .boolean(let value): value ? "true" : "false"
    case .integer(let number): "\(number)"
    case .size(let size): HumanUnits.text(byteCount: size)
    case .duration(let duration): duration.map { HumanUnits.text($0) } ?? "off"
    case .address(let address): "\(address)"
    case .addresses(let addresses):
      addresses.map { $0.map { "\($0)" } ?? "auto" }.joined(separator: ",")
    }
  }
}
