import MoldauFormat
package import MoldauProtocol

extension FuzzTarget {
  /// Frames from the network, their size taken off.
  static let protocolTargets = [
    FuzzTarget("request") { bytes in
      ignoringErrors { () throws(ProtocolError) in
        var reader = ProtocolReader(bytes)
        let header = try RequestHeader(decoding: &reader)
        guard header.isSupported, let type = requestType(header.apiKey) else { return }
        try readRequest(type, bytes, &reader, version: header.version)
      }
    },
    // Key and version in front, as a client knows them from its request.
    FuzzTarget("response") { bytes in
      ignoringErrors { () throws(ProtocolError) in
        var reader = ProtocolReader(bytes)
        let key: Int16 = try reader.integer()
        let version: Int16 = try reader.integer()
        guard let type = requestType(key) else { return }
        try readResponse(type, bytes, &reader, version: version)
      }
    },
    FuzzTarget("consumer-protocol") { bytes in
      ignoringErrors { () throws(ProtocolError) in
        let assignment = try ConsumerProtocolAssignment(decoding: copy(bytes))
        _ = assignment.encoded(version: ConsumerProtocolAssignment.highestVersion)
      }
      ignoringErrors { () throws(ProtocolError) in
        let subscription = try ConsumerProtocolSubscription(decoding: copy(bytes))
        _ = subscription.encoded(version: ConsumerProtocolSubscription.highestVersion)
      }
    },
  ]

  /// Every request that can be read.
  package static let requestTypes: [any ProtocolRequest.Type] = [
    ProduceRequest.self, FetchRequest.self, ListOffsetsRequest.self, MetadataRequest.self,
    OffsetCommitRequest.self, OffsetFetchRequest.self, FindCoordinatorRequest.self,
    JoinGroupRequest.self, HeartbeatRequest.self, LeaveGroupRequest.self, SyncGroupRequest.self,
    DescribeGroupsRequest.self, ListGroupsRequest.self, ApiVersionsRequest.self,
    CreateTopicsRequest.self, DeleteTopicsRequest.self, DeleteRecordsRequest.self,
    InitProducerIDRequest.self, OffsetForLeaderEpochRequest.self, DescribeConfigsRequest.self,
    AlterConfigsRequest.self, DescribeLogDirsRequest.self, CreatePartitionsRequest.self,
    DeleteGroupsRequest.self, ElectLeadersRequest.self, IncrementalAlterConfigsRequest.self,
    AlterPartitionReassignmentsRequest.self, ListPartitionReassignmentsRequest.self,
    OffsetDeleteRequest.self, DescribeQuorumRequest.self, DescribeClusterRequest.self,
    ConsumerGroupHeartbeatRequest.self, ConsumerGroupDescribeRequest.self,
    ListConfigResourcesRequest.self, DescribeTopicPartitionsRequest.self,
    ControlledShutdownRequest.self, AlterPartitionRequest.self, FetchClusterImageRequest.self,
  ]

  private static func requestType(_ key: Int16) -> (any ProtocolRequest.Type)? {
    requestTypes.first { $0.apiKey.rawValue == key }
  }

  private static func readRequest<Request: ProtocolRequest>(
    _: Request.Type, _ frame: RawSpan, _ reader: inout ProtocolReader, version: Int16
  ) throws(ProtocolError) {
    let request = withOwnRecords(try Request(decoding: &reader, version: version), frame)
    // Above that, a repaired text may be longer than what can be written.
    guard frame.byteCount < 10_000 else { return }
    var writer = ProtocolWriter()
    request.encode(into: &writer, version: version)
    do throws(ProtocolError) {
      var reader = ProtocolReader(writer.bytes)
      let again = try Request(decoding: &reader, version: version)
      try reader.expectEnd()
      hold(
        withOwnRecords(again, writer.bytes) == request, "a request survives being written and read")
    } catch {
      fatalError("what was written can be read: \(error)")
    }
  }

  private static func readResponse<Request: ProtocolRequest>(
    _: Request.Type, _ frame: RawSpan, _ reader: inout ProtocolReader, version: Int16
  ) throws(ProtocolError) {
    let supported = Request.supported
    guard supported.versions.contains(version) else { return }
    _ = try ResponseHeader(decoding: &reader, for: supported, version: version)
    let response = try Request.Response(decoding: &reader, version: version)
    var writer = ProtocolWriter()
    withOwnRecords(response, frame).encode(into: &writer, version: version)
  }

  /// Returns the message with its records copied out of `frame`.
  private static func withOwnRecords<Message: ProtocolMessage>(
    _ message: Message, _ frame: RawSpan
  ) -> Message {
    if var request = message as? ProduceRequest {
      for topic in request.topics.indices {
        for partition in request.topics[topic].partitions.indices {
          copyRecords(of: &request.topics[topic].partitions[partition].records, from: frame)
        }
      }
      return request as? Message ?? message
    }
    if var response = message as? FetchResponse {
      for topic in response.topics.indices {
        for partition in response.topics[topic].partitions.indices {
          copyRecords(of: &response.topics[topic].partitions[partition].records, from: frame)
        }
      }
      return response as? Message ?? message
    }
    return message
  }

  private static func copyRecords(of records: inout Records, from frame: RawSpan) {
    guard case .inFrame(let offset, let count) = records else { return }
    records = .bytes(copy(frame.extracting(offset..<(offset + count))))
  }
}
