/// Asks what a broker's disks hold.
package struct DescribeLogDirsRequest: ProtocolRequest {
  package typealias Response = DescribeLogDirsResponse
  package static let apiKey = ApiKey.describeLogDirs

  /// nil: all.
  package var topics: [Topic]? = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&topics)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    package var name = ""
    package var partitions: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&partitions)
      try coder.tags()
    }
  }
}
