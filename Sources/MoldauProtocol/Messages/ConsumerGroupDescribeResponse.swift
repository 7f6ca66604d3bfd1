package import MoldauFormat

/// Groups of the consumer protocol and their members.
package struct ConsumerGroupDescribeResponse: ProtocolResponse {
  package static let apiKey = ApiKey.consumerGroupDescribe

  package var throttleTimeMilliseconds: Int32 = 0
  package var groups: [Group] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&groups)
    try coder.tags()
  }

  /// Which protocol a member speaks.
  package enum MemberType {
    package static let unknown: Int8 = -1
    package static let classic: Int8 = 0
    package static let consumer: Int8 = 1
  }

  package struct Group: WireValue, Equatable {
    package var errorCode = ErrorCode.none
    package var errorMessage: String?
    package var groupID = ""
    package var state = ""
    package var groupEpoch: Int32 = 0
    package var assignmentEpoch: Int32 = 0
    package var assignorName = ""
    package var members: [Member] = []
    package var authorizedOperations = MetadataResponse.operationsNotAsked

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&errorCode)
      try coder.field(&errorMessage)
      try coder.field(&groupID)
      try coder.field(&state)
      try coder.field(&groupEpoch)
      try coder.field(&assignmentEpoch)
      try coder.field(&assignorName)
      try coder.field(&members)
      try coder.field(&authorizedOperations)
      try coder.tags()
    }
  }

  package struct Member: WireValue, Equatable {
    package var memberID = ""
    package var instanceID: String?
    package var rackID: String?
    package var memberEpoch: Int32 = 0
    package var clientID = ""
    package var clientHost = ""
    package var subscribedTopicNames: [String] = []
    package var subscribedTopicRegex: String?
    /// What the member has.
    package var assignment = Assignment()
    /// What the member is to have.
    package var targetAssignment = Assignment()
    /// One of `MemberType` (KIP-1099).
    package var memberType = MemberType.unknown

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&memberID)
      try coder.field(&instanceID)
      try coder.field(&rackID)
      try coder.field(&memberEpoch)
      try coder.field(&clientID)
      try coder.field(&clientHost)
      try coder.field(&subscribedTopicNames)
      try coder.field(&subscribedTopicRegex)
      try coder.field(&assignment)
      try coder.field(&targetAssignment)
      try coder.field(&memberType, since: 1)
      try coder.tags()
    }
  }

  package struct Assignment: WireValue, Equatable {
    package var topicPartitions: [TopicPartitions] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&topicPartitions)
      try coder.tags()
    }
  }

  package struct TopicPartitions: WireValue, Equatable {
    package var topicID = TopicID.zero
    package var topicName = ""
    package var partitions: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&topicID)
      try coder.field(&topicName)
      try coder.field(&partitions)
      try coder.tags()
    }
  }
}
