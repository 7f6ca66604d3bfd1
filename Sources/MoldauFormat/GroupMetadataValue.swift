/// A group and its members as of one generation.
package struct GroupMetadataValue: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    package var id: String
    /// The name of a static member.
    package var instanceID: String?
    package var clientID: String
    package var clientHost: String
    package var rebalanceTimeoutMilliseconds: Int32
    package var sessionTimeoutMilliseconds: Int32
    package var subscription: [UInt8]
    package var assignment: [UInt8]

    package init(
      id: String, instanceID: String?, clientID: String, clientHost: String,
      rebalanceTimeoutMilliseconds: Int32, sessionTimeoutMilliseconds: Int32,
      subscription: [UInt8], assignment: [UInt8]
    ) {
      self.id = id
      self.instanceID = instanceID
      self.clientID = clientID
      self.clientHost = clientHost
      self.rebalanceTimeoutMilliseconds = rebalanceTimeoutMilliseconds
      self.sessionTimeoutMilliseconds = sessionTimeoutMilliseconds
      self.subscription = subscription
      self.assignment = assignment
    }
  }

  /// The version that is written: the last that is not flexible.
  package static let version: Int16 = 3
  package static let newestReadableVersion: Int16 = 4

  package var protocolType: String
  package var generation: Int32
  /// Nil while the group is empty.
  package var protocolName: String?
  package var leader: String?
  /// When the group entered its state, or −1.
  package var stateTimestampMilliseconds: Int64
  package var members: [Member]

  package init(
    protocolType: String, generation: Int32, protocolName: String?, leader: String?,
    stateTimestampMilliseconds: Int64, members: [Member]
  ) {
    self.protocolType = protocolType
    self.generation = generation
    self.protocolName = protocolName
    self.leader = leader
    self.stateTimestampMilliseconds = stateTimestampMilliseconds
    self.members = members
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let version = try reader.integer(Int16.self)
    guard (0...Self.newestReadableVersion).contains(version) else {
      throw .unsupportedVersion(field: "group value", version: Int(version))
    }
    let isFlexible = version >= 4
    protocolType = try reader.string("protocol type", isFlexible)
    generation = try reader.integer(Int32.self)
    protocolName = try reader.nullableString("protocol", isFlexible)
    leader = try reader.nullableString("leader", isFlexible)
    stateTimestampMilliseconds = version >= 2 ? try reader.integer(Int64.self) : -1
    let count =
      isFlexible ? try reader.compactLength("members") ?? -1 : Int(try reader.integer(Int32.self))
    guard count >= 0 else { throw .lengthOutOfRange(field: "members", length: count) }
    members = []
    for _ in 0..<count {
      members.append(try Member(from: &reader, version: version))
    }
    if isFlexible { try reader.skipTaggedFields() }
  }

  /// Writes version 3.
  ///
  /// - Precondition: no string has more than 32,767 bytes.
  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.version)
    bytes.appendString(protocolType)
    bytes.appendBigEndian(generation)
    bytes.appendNullableString(protocolName)
    bytes.appendNullableString(leader)
    bytes.appendBigEndian(stateTimestampMilliseconds)
    bytes.appendBigEndian(Int32(members.count))
    for member in members { member.encode(into: &bytes) }
    return bytes
  }
}

extension GroupMetadataValue.Member {
  fileprivate init(from reader: inout ByteReader, version: Int16) throws(FormatError) {
    let isFlexible = version >= 4
    id = try reader.string("member id", isFlexible)
    instanceID = version >= 3 ? try reader.nullableString("group instance id", isFlexible) : nil
    clientID = try reader.string("client id", isFlexible)
    clientHost = try reader.string("client host", isFlexible)
    let rebalanceTimeout = version >= 1 ? try reader.integer(Int32.self) : nil
    sessionTimeoutMilliseconds = try reader.integer(Int32.self)
    // Before version 1 the session timeout bounded the rebalance too.
    rebalanceTimeoutMilliseconds = rebalanceTimeout ?? sessionTimeoutMilliseconds
    subscription = try reader.byteArray("subscription", isFlexible)
    assignment = try reader.byteArray("assignment", isFlexible)
    if isFlexible { try reader.skipTaggedFields() }
  }

  fileprivate func encode(into bytes: inout [UInt8]) {
    bytes.appendString(id)
    bytes.appendNullableString(instanceID)
    bytes.appendString(clientID)
    bytes.appendString(clientHost)
    bytes.appendBigEndian(rebalanceTimeoutMilliseconds)
    bytes.appendBigEndian(sessionTimeoutMilliseconds)
    bytes.appendByteArray(subscription)
    bytes.appendByteArray(assignment)
  }
}

extension ByteReader {
  @_lifetime(self: copy self)
  fileprivate mutating func string(
    _ field: String, _ isFlexible: Bool
  ) throws(FormatError) -> String {
    isFlexible ? try compactString(field) : try string(field)
  }

  @_lifetime(self: copy self)
  fileprivate mutating func nullableString(
    _ field: String, _ isFlexible: Bool
  ) throws(FormatError) -> String? {
    isFlexible ? try nullableCompactString(field) : try nullableString(field)
  }

  @_lifetime(self: copy self)
  fileprivate mutating func byteArray(
    _ field: String, _ isFlexible: Bool
  ) throws(FormatError) -> [UInt8] {
    isFlexible ? try compactByteArray(field) : try byteArray(field)
  }
}
