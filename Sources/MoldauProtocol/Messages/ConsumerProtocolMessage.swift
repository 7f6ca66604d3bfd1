/// What consumers of classic groups say to each other: their version in front, no tagged fields.
///
/// Brokers carry it as bytes (`JoinGroupRequest.GroupProtocol.metadata`,
/// `SyncGroupRequest.Assignment.assignment`) and need not read it.
package protocol ConsumerProtocolMessage: WireValue, Equatable {}

extension ConsumerProtocolMessage {
  /// The highest version that is read and written; an unknown one above it is read as this one.
  package static var highestVersion: Int16 { 3 }

  /// Reads a message; bytes behind it are left alone, as they may be of a later version.
  ///
  /// - Throws: `unsupportedConsumerProtocol` when the version is negative, and whatever is wrong
  ///   with the bytes.
  package init(decoding bytes: [UInt8]) throws(ProtocolError) {
    self.init()
    let reader = ProtocolReader(bytes.span)
    var coder = FieldCoder(reading: reader, version: 0, isFlexible: false)
    var version: Int16 = 0
    try coder.field(&version)
    guard version >= 0 else {
      throw ProtocolError(.unsupportedConsumerProtocol(version: version), at: 0)
    }
    coder = FieldCoder(
      reading: coder.reader, version: min(version, Self.highestVersion), isFlexible: false)
    try code(with: &coder)
  }

  /// Returns the message in the form of `version`.
  ///
  /// - Precondition: the version is in `0...highestVersion`.
  package func encoded(version: Int16) -> [UInt8] {
    precondition((0...Self.highestVersion).contains(version), "the version is one of those known")
    var writer = ProtocolWriter()
    writer.integer(version)
    let own = writer
    var coder = FieldCoder(writing: own, version: version, isFlexible: false)
    var message = self
    do {
      try message.code(with: &coder)
    } catch {
      preconditionFailure("writing cannot fail: \(error)")
    }
    // SAFETY: the bytes are copied within the call.
    return unsafe coder.writer.withUnsafeBytes { unsafe Array($0) }
  }
}

/// Partitions of one topic in a `ConsumerProtocolMessage`.
package struct ConsumerProtocolPartitions: WireValue, Equatable {
  package var topic = ""
  package var partitions: [Int32] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&topic)
    try coder.field(&partitions)
  }
}
