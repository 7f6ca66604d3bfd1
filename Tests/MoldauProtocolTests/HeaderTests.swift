import MoldauFormat
import Testing

@testable import MoldauProtocol

@Suite struct HeaderTests {
  @Test("requests of real clients decode to their end and encode to the same bytes")
  func realClientsRequests() throws {
    let captured =
      CapturedRequests.all + CapturedRequests.ofGroups + CapturedRequests.ofAdministration
    for (client, hex) in captured {
      let frame = bytes(hex: hex)
      var reader = ProtocolReader(frame.span)
      let header = try RequestHeader(decoding: &reader)
      #expect(header.isSupported, "\(client): \(header)")
      let type = try #require(
        messageTypes.values.lazy.compactMap { $0 as? any ProtocolRequest.Type }
          .first { $0.apiKey == header.api })
      let start = reader.position
      let request = try type.init(decoding: &reader, version: header.version)
      try reader.expectEnd()

      var writer = ProtocolWriter()
      header.encode(into: &writer)
      #expect(writer.copyBytes() == Array(frame[..<start]), "\(client): \(header)")
      let message = encode(request, version: header.version, recordsFrom: frame)
      #expect(message == Array(frame[start...]), "\(client): \(header)")
    }
  }

  @Test(
    "of an unsupported request the correlation id is read, whatever follows",
    arguments: [
      "0012" + "0063" + "00000009" + "ffffffff", "03e7" + "0000" + "00000009",
      "0000" + "0002" + "00000009" + "0001",
    ])
  func unsupportedRequests(hex: String) throws {
    let frame = bytes(hex: hex)
    var reader = ProtocolReader(frame.span)
    let header = try RequestHeader(decoding: &reader)
    #expect(!header.isSupported)
    #expect(header.correlationID == 9)
  }

  @Test("the answer to an unknown version of ApiVersions has the form of version 0")
  func unknownApiVersions() {
    var writer = ProtocolWriter()
    writer.appendResponse(
      ApiVersionsResponse.unsupportedVersion(), version: 0, correlationID: 5)
    let expected = "00000010" + "00000005" + "0023" + "00000001" + "0012" + "0000" + "0004"
    #expect(writer.copyBytes() == bytes(hex: expected))
  }

  @Test("the answer to ApiVersions 3 has header version 0 and no tagged field")
  func apiVersionsThree() throws {
    var response = ApiVersionsResponse()
    response.finalizedFeaturesEpoch = 7
    response.isZooKeeperMigrationReady = true
    var writer = ProtocolWriter()
    writer.appendResponse(response, version: 3, correlationID: 5)
    #expect(
      writer.copyBytes() == bytes(hex: "0000000c" + "00000005" + "0000" + "01" + "00000000" + "00"))
    var four = ProtocolWriter()
    response.encode(into: &four, version: 4)
    #expect(try decode(ApiVersionsResponse.self, four.copyBytes(), version: 4) == response)
  }

  @Test("flexible responses have tagged fields in their header, except ApiVersions")
  func responseHeaders() throws {
    for (api, version, hex) in [
      (SupportedApi.of(.produce), Int16(8), "00000005"),
      (SupportedApi.of(.produce), 9, "0000000500"),
      (SupportedApi.of(.apiVersions), 4, "00000005"),
    ] {
      let api = try #require(api)
      var writer = ProtocolWriter()
      ResponseHeader(correlationID: 5).encode(into: &writer, for: api, version: version)
      #expect(writer.copyBytes() == bytes(hex: hex))
      let encoded = writer.copyBytes()
      var reader = ProtocolReader(encoded.span)
      let header = try ResponseHeader(decoding: &reader, for: api, version: version)
      try reader.expectEnd()
      #expect(header.correlationID == 5)
    }
  }

  @Test(
    "error codes have Kafka's names",
    arguments: [
      (ErrorCode.unknownServerError, Int16(-1), "UNKNOWN_SERVER_ERROR"), (.none, 0, "NONE"),
      (.unsupportedVersion, 35, "UNSUPPORTED_VERSION"),
      (.fetchSessionIDNotFound, 70, "FETCH_SESSION_ID_NOT_FOUND"),
      (.unknownTopicID, 100, "UNKNOWN_TOPIC_ID"),
      (.rebootstrapRequired, 129, "REBOOTSTRAP_REQUIRED"),
      (ErrorCode(rawValue: 999), 999, "ERROR_999"),
    ])
  func errorCodes(code: ErrorCode, number: Int16, name: String) {
    #expect(code.rawValue == number)
    #expect(code.description == name)
  }

  @Test("everything supported is announced, by ascending key")
  func announcedApis() {
    let announced = ApiVersionsResponse.listingSupported().apis
    let expected = [
      "0: 0-13", "1: 4-18", "2: 0-10", "3: 0-13", "8: 1-10", "9: 1-10", "10: 0-6", "11: 0-9",
      "12: 0-4", "13: 0-5", "14: 0-5", "15: 0-6", "16: 0-5", "18: 0-4", "19: 0-7", "20: 0-6",
      "21: 0-2", "22: 0-5", "23: 2-4", "32: 0-4", "33: 0-2", "35: 1-4", "37: 0-3", "42: 0-2",
      "43: 0-2", "44: 0-1", "45: 0-1", "46: 0-0", "47: 0-0", "55: 0-2", "60: 0-2", "68: 0-1",
      "69: 0-1", "74: 0-1", "75: 0-0",
    ]
    #expect(announced.map { "\($0.key): \($0.minimumVersion)-\($0.maximumVersion)" } == expected)
    #expect(announced.map(\.key) == announced.map(\.key).sorted())
  }

  @Test("what brokers use among themselves is supported, and not announced")
  func peers() throws {
    let announced = Set(ApiVersionsResponse.listingSupported().apis.map(\.key))
    for api in SupportedApi.peers {
      #expect(!announced.contains(api.key.rawValue))
      #expect(SupportedApi.of(api.key) == api)
    }
    #expect(SupportedApi.of(.fetchClusterImage)?.versions == 0...0)
    #expect(SupportedApi.of(.stopReplica) == nil)
  }
}
