import Testing

@testable import MoldauProtocol

/// The bytes are kafka-python's.
@Suite struct ConsumerProtocolTests {
  private static let subscriptions: [String] = [
    "0000" + wanted, "0001" + wanted + ownedPartitions,
    "0002" + wanted + ownedPartitions + "00000007",
    "0003" + wanted + ownedPartitions + "00000007" + "000162",
  ]
  private static let wanted = "00000002" + orders + žižkov + "000000020102"
  private static let orders = "00066f7264657273"
  private static let žižkov = "0008c5bd69c5be6b6f76"
  private static let ownedPartitions = "00000001" + orders + "000000020000000000000003"
  private static let nothing: [String] = [
    "0000" + "00000000" + "ffffffff", "0001" + "00000000" + "ffffffff" + "00000000",
    "0002" + "00000000" + "ffffffff" + "00000000" + "ffffffff",
    "0003" + "00000000" + "ffffffff" + "00000000" + "ffffffff" + "ffff",
  ]

  @Test("a subscription is read and written as clients do, in every version", arguments: 0...3)
  func subscription(version: Int) throws {
    let hex = Self.subscriptions[version]
    let read = try ConsumerProtocolSubscription(decoding: bytes(hex: hex))
    #expect(read.topics == ["orders", "Žižkov"])
    #expect(read.userData == [1, 2])
    #expect(read.ownedPartitions.map(\.topic) == (version >= 1 ? ["orders"] : []))
    #expect(read.ownedPartitions.map(\.partitions) == (version >= 1 ? [[0, 3]] : []))
    #expect(read.generationID == (version >= 2 ? 7 : -1))
    #expect(read.rackID == (version >= 3 ? "b" : nil))
    #expect(read.encoded(version: Int16(version)) == bytes(hex: hex))
    let empty = try ConsumerProtocolSubscription(decoding: bytes(hex: Self.nothing[version]))
    #expect(empty == ConsumerProtocolSubscription())
    #expect(empty.encoded(version: Int16(version)) == bytes(hex: Self.nothing[version]))
  }

  @Test("an assignment is read and written as clients do, in every version", arguments: 0...3)
  func assignment(version: Int) throws {
    let head = "000\(version)"
    let body =
      "00000002" + Self.orders + "000000020000000000000003" + Self.žižkov + "00000000" + "ffffffff"
    let read = try ConsumerProtocolAssignment(decoding: bytes(hex: head + body))
    #expect(read.assignedPartitions.map(\.topic) == ["orders", "Žižkov"])
    #expect(read.assignedPartitions.map(\.partitions) == [[0, 3], []])
    #expect(read.userData == nil)
    #expect(read.encoded(version: Int16(version)) == bytes(hex: head + body))
    let empty = bytes(hex: head + "00000000" + "00000001" + "09")
    #expect(try ConsumerProtocolAssignment(decoding: empty).userData == [9])
  }

  @Test("real clients' subscriptions are read")
  func realClientsSubscriptions() throws {
    var clients: Set<String> = []
    for (client, hex) in CapturedRequests.ofGroups {
      let frame = bytes(hex: hex)
      var reader = ProtocolReader(frame.span)
      let header = try RequestHeader(decoding: &reader)
      guard header.api == .joinGroup else { continue }
      let request = try JoinGroupRequest(decoding: &reader, version: header.version)
      for assignor in request.protocols {
        let read = try ConsumerProtocolSubscription(decoding: assignor.metadata)
        #expect(read.topics == ["orders"], "\(client)")
        let version = Int16(assignor.metadata[1])
        #expect(read.encoded(version: version) == assignor.metadata, "\(client)")
      }
      clients.insert(client)
    }
    #expect(clients.count == 4)
  }

  @Test("a later version is read as the highest known, what it adds is left alone")
  func laterVersion() throws {
    let hex = "0009" + Self.subscriptions[3].dropFirst(4) + "cafe"
    let read = try ConsumerProtocolSubscription(decoding: bytes(hex: hex))
    #expect(try read == ConsumerProtocolSubscription(decoding: bytes(hex: Self.subscriptions[3])))
  }

  @Test("a version below 0 is refused")
  func negativeVersion() {
    let expected = ProtocolError(.unsupportedConsumerProtocol(version: -1), at: 0)
    #expect(throws: expected) {
      try ConsumerProtocolSubscription(decoding: bytes(hex: "ffff" + "00000000" + "ffffffff"))
    }
  }

  @Test("every proper prefix throws", arguments: 0...3)
  func prefixes(version: Int) {
    let whole = bytes(hex: Self.subscriptions[version])
    for count in 0..<whole.count {
      #expect(throws: ProtocolError.self) {
        try ConsumerProtocolSubscription(decoding: Array(whole.prefix(count)))
      }
    }
  }
}
