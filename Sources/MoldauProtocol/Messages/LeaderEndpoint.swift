/// Who leads a partition now, told with an error so that the client need not ask (KIP-951).
package struct LeaderIDAndEpoch: WireValue, Equatable {
  package var leaderID: Int32 = -1
  package var leaderEpoch: Int32 = -1

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&leaderID)
    try coder.field(&leaderEpoch)
    try coder.tags()
  }
}

/// Where a broker named in `LeaderIDAndEpoch` is reached.
package struct NodeEndpoint: WireValue, Equatable {
  package var nodeID: Int32 = 0
  package var host = ""
  package var port: Int32 = 0
  package var rack: String?

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&nodeID)
    try coder.field(&host)
    try coder.field(&port)
    try coder.field(&rack)
    try coder.tags()
  }
}
