/// `.kafka_cleanshutdown`: its presence says that the directory was closed in order.
///
/// Format: docs/format/clean-shutdown-marker.md.
package struct CleanShutdownMarker: Hashable, Sendable {
  package static let version: Int64 = 0

  /// The epoch under which the broker was registered, or −1.
  package var brokerEpoch: Int64

  package init(brokerEpoch: Int64) {
    self.brokerEpoch = brokerEpoch
  }

  /// Reads the JSON object; an empty file is a marker too, as older brokers wrote it.
  package init(parsing bytes: RawSpan) throws(FormatError) {
    let text = try String.validating(bytes, field: "clean shutdown marker")
    brokerEpoch = -1
    if text.utf8.isEmpty { return }
    var version: Int64?
    for (key, value) in try Self.members(text) {
      if key == "version" { version = value }
      if key == "brokerEpoch" { brokerEpoch = value }
    }
    guard let version else {
      throw .invalid(field: "clean shutdown marker", reason: "it has no version")
    }
    guard version == Self.version else {
      throw .unsupportedVersion(field: "clean shutdown marker", version: Int(version))
    }
  }

  package func encode() -> [UInt8] {
    Array("{\"version\":\(Self.version),\"brokerEpoch\":\(brokerEpoch)}".utf8)
  }

  /// Returns the members of a flat object whose values are integers: all that a marker holds.
  private static func members(
    _ text: String
  ) throws(FormatError) -> [(key: String, value: Int64)] {
    let compact = text.utf8.filter { byte in
      ![UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t")]
        .contains(byte)
    }
    let malformed = FormatError.invalid(
      field: "clean shutdown marker", reason: "it is not an object of integers")
    guard compact.count >= 2, compact.first == UInt8(ascii: "{"),
      compact.last == UInt8(ascii: "}")
    else { throw malformed }
    var members: [(key: String, value: Int64)] = []
    for member in compact.dropFirst().dropLast().split(separator: UInt8(ascii: ",")) {
      let parts = member.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].count >= 2, parts[0].first == UInt8(ascii: "\""),
        parts[0].last == UInt8(ascii: "\""), let value = CanonicalDecimal.parse(parts[1])
      else { throw malformed }
      members.append((String(decoding: parts[0].dropFirst().dropLast(), as: UTF8.self), value))
    }
    return members
  }
}
