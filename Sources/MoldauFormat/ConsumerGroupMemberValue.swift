/// Who a member of a consumer group is and what it wants.
///
/// Format: docs/format/consumer-groups.md.
package struct ConsumerGroupMemberValue: Hashable, Sendable {
  package static let version: Int16 = 0

  /// The name of a static member.
  package var instanceID: String?
  package var rackID: String?
  package var clientID: String
  package var clientHost: String
  package var topicNames: [String]
  /// A regular expression for more topics.
  package var topicPattern: String?
  /// How long the member may take to give partitions back, or −1.
  package var rebalanceTimeoutMilliseconds: Int32
  /// The assignor that the member would like.
  package var assignor: String?

  package init(
    instanceID: String?, rackID: String?, clientID: String, clientHost: String,
    topicNames: [String], topicPattern: String?, rebalanceTimeoutMilliseconds: Int32,
    assignor: String?
  ) {
    self.instanceID = instanceID
    self.rackID = rackID
    self.clientID = clientID
    self.clientHost = clientHost
    self.topicNames = topicNames
    self.topicPattern = topicPattern
    self.rebalanceTimeoutMilliseconds = rebalanceTimeoutMilliseconds
    self.assignor = assignor
  }

  /// Reads a value; what it says of a member of the older protocol is passed over.
  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = try ByteReader(bytes, valueVersion: Self.version, "group member value")
    instanceID = try reader.nullableCompactString("group instance id")
    rackID = try reader.nullableCompactString("rack id")
    clientID = try reader.compactString("client id")
    clientHost = try reader.compactString("client host")
    let count = try reader.compactCount("topic names")
    topicNames = []
    for _ in 0..<count { topicNames.append(try reader.compactString("topic name")) }
    topicPattern = try reader.nullableCompactString("topic pattern")
    rebalanceTimeoutMilliseconds = try reader.integer(Int32.self)
    assignor = try reader.nullableCompactString("assignor")
    try reader.skipTaggedFields()
  }

  /// - Precondition: no string has more than 32,767 bytes.
  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.version)
    bytes.appendNullableCompactString(instanceID)
    bytes.appendNullableCompactString(rackID)
    bytes.appendCompactString(clientID)
    bytes.appendCompactString(clientHost)
    bytes.appendCompactLength(topicNames.count)
    for name in topicNames { bytes.appendCompactString(name) }
    bytes.appendNullableCompactString(topicPattern)
    bytes.appendBigEndian(rebalanceTimeoutMilliseconds)
    bytes.appendNullableCompactString(assignor)
    bytes.appendNoTaggedFields()
    return bytes
  }
}
