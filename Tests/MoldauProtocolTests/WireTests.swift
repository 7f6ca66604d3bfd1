import MoldauFormat
import Testing

@testable import MoldauProtocol

@Suite struct WireTests {
  @Test(
    "a varint is read as it is written",
    arguments: [
      (UInt32(0), "00"), (1, "01"), (127, "7f"), (128, "8001"), (16_383, "ff7f"),
      (16_384, "808001"),
      (.max, "ffffffff0f"),
    ])
  func varints(value: UInt32, hex: String) throws {
    var writer = ProtocolWriter()
    writer.unsignedVarint(value)
    #expect(writer.copyBytes() == bytes(hex: hex))
    let encoded = bytes(hex: hex)
    var reader = ProtocolReader(encoded.span)
    #expect(try reader.unsignedVarint() == value)
    #expect(reader.remaining == 0)
  }

  @Test(
    "a varint above 32 bits is malformed",
    arguments: ["ffffffff1f", "ffffffffff01", "808080808000"])
  func malformedVarints(hex: String) {
    let encoded = bytes(hex: hex)
    #expect(throws: ProtocolError(.malformedVarint, at: 0)) {
      var reader = ProtocolReader(encoded.span)
      _ = try reader.unsignedVarint()
    }
  }

  @Test(
    "a count beyond the frame is refused before memory is reserved",
    arguments: [
      "7fffffff", "0000000a", "fffffffe",
    ])
  func absurdCounts(hex: String) {
    #expect(throws: ProtocolError.self) {
      try decode(MetadataRequest.self, bytes(hex: hex), version: 4)
    }
  }

  @Test("the elements of all arrays together are bounded")
  func elementsAreBounded() {
    var frame = [UInt8](repeating: 0, count: Limits.arrayElementCount + 64)
    var count = ProtocolWriter()
    count.unsignedVarint(UInt32(Limits.arrayElementCount + 2))
    frame.replaceSubrange(0..<count.byteCount, with: count.copyBytes())
    #expect(throws: ProtocolError(.tooManyElements, at: 0)) {
      var reader = ProtocolReader(frame.span)
      _ = try reader.arrayCount(isCompact: true)
    }
  }

  @Test("a string above 32,767 bytes is refused in compact form too")
  func longStringsAreRefused() {
    var writer = ProtocolWriter()
    writer.unsignedVarint(32_769)
    let frame = writer.copyBytes() + [UInt8](repeating: 0x61, count: 40_000)
    #expect(throws: ProtocolError(.lengthOutOfRange(32_768), at: 0)) {
      try decode(ApiVersionsRequest.self, frame, version: 3)
    }
  }

  @Test("a text too long for its length field is cut at a character")
  func longTextsAreCut() throws {
    var response = ProduceResponse()
    var topic = ProduceResponse.Topic()
    var partition = ProduceResponse.Partition()
    partition.errorMessage = "a" + String(repeating: "ž", count: 20_000)
    topic.partitions = [partition]
    response.topics = [topic]
    var writer = ProtocolWriter()
    response.encode(into: &writer, version: 8)
    let read = try decode(ProduceResponse.self, writer.copyBytes(), version: 8)
    let expected = "a" + String(repeating: "ž", count: 16_383)
    #expect(read.topics.first?.partitions.first?.errorMessage == expected)
  }

  @Test(
    "bytes that are null, or longer than the frame, are refused",
    arguments: [
      ("ffffffff", ProtocolError.Reason.unexpectedNull),
      ("fffffffe", .lengthOutOfRange(-2)),
      ("7fffffff", .truncated(needed: 0x7FFF_FFFF, available: 2)),
    ])
  func badBytes(length: String, reason: ProtocolError.Reason) {
    let frame = bytes(hex: "0000" + length + "0000")
    let error = #expect(throws: ProtocolError.self) {
      try decode(SyncGroupResponse.self, frame, version: 0)
    }
    #expect(error?.reason == reason)
  }

  @Test(
    "a byte says whether a structure is there",
    arguments: [("ff", nil), ("01" + "0261" + "00000061" + "00", 97)])
  func nullableStructures(cursor: String, partition: Int32?) throws {
    let frame = bytes(hex: "01" + "000007d0" + cursor + "00")
    let read = try decode(DescribeTopicPartitionsRequest.self, frame, version: 0)
    #expect(read.cursor?.partitionIndex == partition)
    #expect(encode(read, version: 0, recordsFrom: frame) == frame)
  }

  @Test("unknown tagged fields are skipped", arguments: ["01050161", "020501610603616263"])
  func unknownTagsAreSkipped(tags: String) throws {
    let frame = bytes(hex: "0261" + "0262" + tags)
    let read = try decode(ApiVersionsRequest.self, frame, version: 3)
    #expect(read.clientSoftwareName == "a")
    #expect(read.clientSoftwareVersion == "b")
  }

  @Test(
    "tags that do not ascend, or whose size lies, are refused",
    arguments: [
      ("020501610503616263", ProtocolError.Reason.tagOutOfOrder(tag: 5)),
      ("020501610403616263", .tagOutOfOrder(tag: 4)),
      ("0105ff01", .truncated(needed: 255, available: 0)),
    ])
  func badTags(tags: String, reason: ProtocolError.Reason) {
    let frame = bytes(hex: "0101" + tags)
    let error = #expect(throws: ProtocolError.self) {
      try decode(ApiVersionsRequest.self, frame, version: 3)
    }
    #expect(error?.reason == reason)
  }

  @Test(
    "a known tagged field must fill its size exactly",
    arguments: [
      ("0101" + "09" + "0000000000000001" + "00", ProtocolError.Reason.tagSizeMismatch(tag: 1)),
      ("0101" + "07" + "00000000000001", .truncated(needed: 8, available: 7)),
    ])
  func tagSizes(tags: String, reason: ProtocolError.Reason) {
    let error = #expect(throws: ProtocolError.self) {
      try decode(ApiVersionsResponse.self, bytes(hex: "00000100000000" + tags), version: 4)
    }
    #expect(error?.reason == reason)
  }

  @Test("the size of a tagged field above 127 bytes moves its content aside")
  func longTaggedFields() throws {
    var response = FetchResponse()
    for node in 0..<3_000 {
      var endpoint = NodeEndpoint()
      endpoint.nodeID = Int32(node)
      endpoint.host = "broker-\(node)"
      response.nodeEndpoints.append(endpoint)
      guard [1, 10, 12, 1_200, 3_000].contains(node + 1) else { continue }
      var writer = ProtocolWriter()
      response.encode(into: &writer, version: 16)
      #expect(try decode(FetchResponse.self, writer.copyBytes(), version: 16) == response)
    }
  }

  @Test("a writer begun anew holds nothing of what it held")
  func resetForgets() {
    var writer = ProtocolWriter(capacity: 8)
    writer.appendResponse(fetched(byteCount: 10), version: 12, correlationID: 1)
    #expect(writer.cuts.count == 1)
    writer.reset()
    #expect(writer.byteCount == 0)
    #expect(writer.cuts.isEmpty)
    writer.appendResponse(ApiVersionsResponse(), version: 0, correlationID: 2)
    #expect(writer.copyBytes() == bytes(hex: "0000000a" + "00000002" + "0000" + "00000000"))
  }

  @Test("records leave a cut, and the frame's size counts them", arguments: [Int16(4), 11, 12, 18])
  func recordsAreCut(version: Int16) throws {
    let slice = [UInt8](0..<200)
    var writer = ProtocolWriter()
    writer.appendResponse(fetched(byteCount: 200), version: version, correlationID: 7)
    writer.appendResponse(fetched(byteCount: 0), version: version, correlationID: 8)
    let stream = assemble(writer, slices: [slice[...]])
    #expect(stream.count == writer.byteCount + 200)

    var reader = ProtocolReader(stream.span)
    for (correlationID, count) in [(Int32(7), 200), (8, 0)] {
      let size = Int(try reader.integer(Int32.self))
      let end = reader.position + size
      let api = FetchResponse.supported
      let header = try ResponseHeader(decoding: &reader, for: api, version: version)
      #expect(header.correlationID == correlationID)
      let response = try FetchResponse(decoding: &reader, version: version)
      #expect(reader.position == end)
      guard case .inFrame(let offset, count) = response.topics.first?.partitions.first?.records
      else {
        Issue.record("no records in \(response)")
        return
      }
      #expect(Array(stream[offset..<(offset + count)]) == Array(slice.prefix(count)))
    }
  }

  private func fetched(byteCount: Int) -> FetchResponse {
    var partition = FetchResponse.Partition()
    partition.records = .outOfBand(slice: 0, count: byteCount)
    partition.currentLeader.leaderID = 3
    var topic = FetchResponse.Topic()
    topic.name = "orders"
    topic.partitions = [partition]
    var response = FetchResponse()
    response.topics = [topic]
    return response
  }
}
