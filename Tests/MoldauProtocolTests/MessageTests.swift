import MoldauFormat
import Testing

@testable import MoldauProtocol

@Suite struct MessageTests {
  @Test(
    "another implementation's bytes decode to the values it wrote", arguments: GoldenMessage.all)
  func goldenDecodes(golden: GoldenMessage) throws {
    let message = try decode(golden.type, golden.bytes, version: golden.version)
    #expect(flatten(message).joined(separator: ",") == golden.leaves)
  }

  @Test("a decoded message encodes to the bytes it came from", arguments: GoldenMessage.all)
  func goldenEncodes(golden: GoldenMessage) throws {
    let message = try decode(golden.type, golden.bytes, version: golden.version)
    let encoded = encode(message, version: golden.version, recordsFrom: golden.bytes)
    #expect(encoded == golden.bytes)
  }

  @Test("there is a golden message of each supported version")
  func goldenIsComplete() {
    let present = Set(GoldenMessage.all.map { "\($0.name) \($0.version)" })
    for (name, type) in messageTypes {
      for version in type.supported.versions {
        #expect(present.contains("\(name) \(version)"))
      }
    }
  }

  @Test("every proper prefix of a message throws", arguments: GoldenMessage.all)
  func prefixesThrow(golden: GoldenMessage) {
    for count in 0..<golden.bytes.count {
      #expect(throws: ProtocolError.self) {
        try decode(golden.type, Array(golden.bytes.prefix(count)), version: golden.version)
      }
    }
  }

  @Test("what decodes after a mutation still round-trips; nothing traps", arguments: 1...4)
  func mutationsRoundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for golden in GoldenMessage.all where !golden.bytes.isEmpty {
      for _ in 0..<200 {
        let mutated = mutate(golden.bytes, using: &generator)
        var reader = ProtocolReader(mutated.span)
        guard
          let message = attempt({ () throws(ProtocolError) in
            try golden.type.init(decoding: &reader, version: golden.version)
          })
        else { continue }
        try checkRoundTrip(message, golden, mutated, seed)
      }
    }
  }

  @Test(
    "AlterPartition's answer keeps the eligible replicas, and the bytes of Kafka's without them")
  func eligibleReplicas() throws {
    var partition = AlterPartitionResponse.Partition()
    var response = AlterPartitionResponse()
    response.topics = [.init()]
    response.topics[0].partitions = [partition]
    let without = encode(response, version: 3, recordsFrom: [])
    partition.elr = [2, 3]
    response.topics[0].partitions = [partition]
    let with = encode(response, version: 3, recordsFrom: [])
    #expect(with.count > without.count)
    let read = try decode(AlterPartitionResponse.self, with, version: 3)
    #expect(read.topics == response.topics)
  }

  private func checkRoundTrip<Message: ProtocolMessage>(
    _ message: Message, _ golden: GoldenMessage, _ frame: [UInt8], _ seed: UInt64
  ) throws {
    let once = encode(message, version: golden.version, recordsFrom: frame)
    let again = try decode(Message.self, once, version: golden.version)
    let twice = encode(again, version: golden.version, recordsFrom: once)
    #expect(once == twice, "\(golden.testDescription), seed \(seed)")
  }

  private func mutate(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let index = Int.random(in: 0..<result.count, using: &generator)
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: result[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: result[index] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
      case 2: result[index] = .random(in: .min ... .max, using: &generator)
      case 3: result.insert(.random(in: .min ... .max, using: &generator), at: index)
      default: if result.count > 1 { result.remove(at: index) }
      }
    }
    return result
  }

  /// Returns nil when `body` throws: of a mutation only the survivors are looked at.
  private func attempt<Value>(_ body: () throws(ProtocolError) -> Value) -> Value? {
    do { return try body() } catch { return nil }
  }

  @Test(
    "a version outside the supported range is refused",
    arguments: [
      (ApiKey.produce, Int16(2)), (.produce, 14), (.fetch, 3), (.fetch, 19), (.metadata, -1),
    ])
  func versionsAreChecked(key: ApiKey, version: Int16) throws {
    let type: any ProtocolMessage.Type =
      switch key {
      case .produce: ProduceRequest.self
      case .fetch: FetchRequest.self
      default: MetadataRequest.self
      }
    let expected = ProtocolError(
      .unsupportedVersion(apiKey: key.rawValue, version: version), at: 0)
    #expect(throws: expected) { try decode(type, [0, 0, 0, 0], version: version) }
  }
}
