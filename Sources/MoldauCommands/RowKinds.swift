import MoldauReport

extension ReportRow.Kind {
  static let topic = Self("topic")
  static let topicDetails = Self("topic", .lines)
  static let partition = Self("partition")
  static let configuration = Self("configuration")
  static let group = Self("group")
  static let groupDetails = Self("group", .lines)
  static let member = Self("member")
  static let committedOffset = Self("committedOffset")
  static let seek = Self("seek")
  static let change = Self("change")
  static let broker = Self("broker")
  static let cluster = Self("cluster", .lines)
  static let zooKeeper = Self("zookeeper")
  static let reassignment = Self("reassignment")
}

extension ReportRow {
  /// What a command has done to `name`.
  static func change(_ action: String, _ name: String, _ more: [Field] = []) -> ReportRow {
    ReportRow(
      .change, [Field("action", .text(action)), Field("name", .text(name))] + more)
  }
}
