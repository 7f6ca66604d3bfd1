import MoldauProtocol

/// A member of a classic group, dynamic or static.
struct ClassicMember: Sendable {
  let id: String
  /// The name of a static member (KIP-345).
  let instanceID: String?
  let clientID: String
  let clientHost: String
  /// Members are listed in the order in which they came.
  let order: Int
  var rebalanceTimeoutMilliseconds: Int64
  var sessionTimeoutMilliseconds: Int64
  /// The assignors that it knows, the one it likes most first.
  var protocols: [JoinGroupRequest.GroupProtocol]
  var assignment: [UInt8] = []
  /// Whether no join of it was answered yet: it knows no id to send heartbeats with.
  var isNew = true
  /// When it is taken for dead unless it waits for an answer.
  var deadline: Int64 = 0
  var joinWait: GroupWaitID?
  var syncWait: GroupWaitID?
  /// Whether the generation's SyncGroup is still to come from it.
  var owesSync = false

  /// Whether silence makes it dead: one that waits for us is not silent, unless it is new, when a
  /// connection that has ended would go unnoticed.
  var canExpire: Bool { isNew || (joinWait == nil && syncWait == nil) }

  /// What the member takes in an answer or a record beside its metadata, in bytes, about.
  var nameByteCount: Int { (instanceID?.utf8.count ?? 0) + 1_000 }

  func metadata(for name: String?) -> [UInt8] {
    protocols.first { $0.name == name }?.metadata ?? []
  }

  /// The topics that it wants to read; nil when that is not known.
  func topics(for name: String?) -> Set<String>? {
    guard let found = protocols.first(where: { $0.name == name }) else { return nil }
    do throws(ProtocolError) {
      return Set(try ConsumerProtocolSubscription(decoding: found.metadata).topics)
    } catch {
      return nil
    }
  }

  /// The same member under the id that it has got after a restart.
  func renamed(_ id: String) -> ClassicMember {
    var member = ClassicMember(
      id: id, instanceID: instanceID, clientID: clientID, clientHost: clientHost, order: order,
      rebalanceTimeoutMilliseconds: rebalanceTimeoutMilliseconds,
      sessionTimeoutMilliseconds: sessionTimeoutMilliseconds, protocols: protocols)
    member.assignment = assignment
    member.isNew = false
    member.owesSync = owesSync
    return member
  }
}

extension [JoinGroupRequest.GroupProtocol] {
  /// Their names and metadata, in bytes.
  var byteCount: Int { reduce(0) { $0 + $1.name.utf8.count + $1.metadata.count } }
}

/// A JoinGroup request, as far as the group is concerned.
struct ClassicJoin: Sendable {
  /// Empty from a member that has none yet.
  var memberID: String
  var instanceID: String?
  var clientID: String
  var clientHost: String
  var rebalanceTimeoutMilliseconds: Int64
  var sessionTimeoutMilliseconds: Int64
  var protocolType: String
  var protocols: [JoinGroupRequest.GroupProtocol]
  /// Whether a member without an id gets one first and has to come back with it (version 4 and up).
  var requiresKnownID: Bool
  /// Whether it understands that a leader leaves the assignment as it is (version 9 and up).
  var canSkipAssignment: Bool
  /// The id that the member gets if it needs one.
  var newMemberID: String
}

/// A SyncGroup request, as far as the group is concerned.
struct ClassicSync: Sendable {
  var memberID: String
  var instanceID: String?
  var generation: Int32
  /// Nil from a client that does not say so (before version 5).
  var protocolType: String?
  var protocolName: String?
  var assignments: [SyncGroupRequest.Assignment]
}
