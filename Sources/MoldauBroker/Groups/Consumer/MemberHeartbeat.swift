import MoldauProtocol

/// What a member of a consumer group says with a heartbeat; nil is what has not changed.
struct MemberHeartbeat: Sendable {
  var memberID: String
  /// The epoch it is in, or one of `ConsumerGroup.joining`, `.leaving` and `.steppingAway`.
  var memberEpoch: Int32
  var instanceID: String?
  var rackID: String?
  var rebalanceTimeoutMilliseconds: Int32?
  var topicNames: [String]?
  /// Empty: none any more.
  var topicPattern: String?
  var assignor: String?
  /// What it owns.
  var owned: Set<GroupPartition>?
  var clientID = ""
  var clientHost = ""

  init(memberID: String, memberEpoch: Int32) {
    self.memberID = memberID
    self.memberEpoch = memberEpoch
  }

  /// Whether it says all there is to say, as after a lost answer: it is told all in turn.
  var isFull: Bool {
    rebalanceTimeoutMilliseconds != nil && (topicNames != nil || topicPattern != nil)
      && owned != nil
  }
}

/// What a member is told.
struct MemberAnswer: Sendable, Equatable {
  var memberID: String
  var memberEpoch: Int32
  /// What it is to own from now on; nil when that has not changed.
  var assignment: Set<GroupPartition>?
}

/// Why a consumer group refuses a request.
struct ConsumerGroupError: Error, Equatable {
  let code: ErrorCode
  /// For whoever reads the client's log.
  let message: String

  init(_ code: ErrorCode, _ message: String) {
    self.code = code
    self.message = message
  }
}
