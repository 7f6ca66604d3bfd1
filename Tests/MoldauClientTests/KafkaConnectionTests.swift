import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauClient

@Suite struct KafkaConnectionTests {
  private let partition = TopicPartition(topic: "orders", partition: 0)

  @Test(
    "the highest version that both ends know is used",
    arguments: [
      (Int16(5), Int16(5)), (13, 13), (99, 13),
    ])
  func negotiates(brokers: Int16, expected: Int16) throws {
    let broker = try ScriptedBroker { request in
      switch request.header.api {
      case .metadata: request.answer(MetadataResponse())
      default: request.answer(ApiVersionsResponse.listing([.metadata: brokers]))
      }
    }
    let connection = try KafkaConnection(to: broker.endpoint)
    #expect(try connection.version(of: .metadata) == expected)
    _ = try connection.metadata(topics: nil)
    #expect(broker.requests.map(\.header.version) == [4, expected])
    #expect(broker.requests.map(\.header.clientID) == ["moldau", "moldau"])
  }

  @Test(
    "a broker that refuses the version of ApiVersions is asked in its own",
    arguments: [
      (Int16(2), Int16(2)), (0, 0),
    ])
  func renegotiates(brokers: Int16, expected: Int16) throws {
    let broker = try ScriptedBroker { request in
      if request.header.version == expected { return request.answer(ApiVersionsResponse.listing()) }
      var refusal = ApiVersionsResponse.unsupportedVersion()
      refusal.apis[0].maximumVersion = brokers
      return request.answer(refusal, version: 0)
    }
    let connection = try KafkaConnection(to: broker.endpoint)
    #expect(broker.requests.map(\.header.version) == [4, expected])
    #expect(try connection.version(of: .fetch) == 18)
  }

  @Test("an API that the broker lacks, or has only too old, is reported with both ranges")
  func reportsUnsupported() throws {
    let broker = try ScriptedBroker { request in
      var response = ApiVersionsResponse.listing([.produce: 2])
      response.apis.removeAll { $0.key == ApiKey.fetch.rawValue }
      return request.answer(response)
    }
    let connection = try KafkaConnection(to: broker.endpoint)
    #expect(throws: error(.unsupported(api: .fetch, broker: nil), broker)) {
      try connection.version(of: .fetch)
    }
    #expect(throws: error(.unsupported(api: .produce, broker: 0...2), broker)) {
      try connection.version(of: .produce)
    }
  }

  @Test("requests on their way at once are answered in order")
  func pipelines() throws {
    let broker = try ScriptedBroker { request in
      guard request.header.api == .listOffsets else {
        return request.answer(ApiVersionsResponse.listing())
      }
      var response = ListOffsetsResponse()
      response.throttleTimeMilliseconds = try request.decode(ListOffsetsRequest.self).replicaID
      return request.answer(response)
    }
    let connection = try KafkaConnection(to: broker.endpoint)
    var pending: [KafkaConnection.Pending<ListOffsetsRequest>] = []
    for number in 0..<Limits.inFlightRequestCount {
      var request = ListOffsetsRequest()
      request.replicaID = Int32(number)
      pending.append(try connection.send(request))
    }
    #expect(connection.inFlightCount == Limits.inFlightRequestCount)
    let answers = try pending.map { try connection.receive($0).throttleTimeMilliseconds }
    #expect(answers == (0..<Limits.inFlightRequestCount).map(Int32.init))
    #expect(connection.inFlightCount == 0)
  }

  @Test("a batch arrives as it was built, in each codec", arguments: CompressionCodec.allCases)
  func produces(codec: CompressionCodec) throws {
    let broker = try ScriptedBroker { request in
      guard request.header.api == .produce else {
        return request.answer(ApiVersionsResponse.listing([.produce: 12]))
      }
      var response = ProduceResponse()
      response.topics = [ProduceResponse.Topic()]
      response.topics[0].partitions = [ProduceResponse.Partition()]
      response.topics[0].partitions[0].baseOffset = 41
      return request.answer(response)
    }
    let connection = try KafkaConnection(to: broker.endpoint)
    var batch = BatchBuilder(codec: codec)
    fill(&batch, with: 0..<100)
    try batch.finish()
    let appended = try connection.produce(batch.bytes, to: partition)
    #expect(appended.baseOffset.rawValue == 41)
    #expect(appended.logAppendTimeMilliseconds == nil)

    let received = try #require(broker.requests.last)
    let request = try received.decode(ProduceRequest.self)
    #expect(request.acks == -1)
    #expect(request.topics.map(\.name) == ["orders"])
    guard case .inFrame(let offset, let count) = request.topics[0].partitions[0].records else {
      Issue.record("no records came")
      return
    }
    let start = received.messageStart + offset
    let expected = unsafe batch.bytes.withUnsafeBytes { unsafe Array($0) }
    #expect(Array(received.frame[start..<(start + count)]) == expected)
  }

  @Test("a refused batch says what, why and what to do")
  func reportsRefusal() throws {
    let broker = try ScriptedBroker { request in
      guard request.header.api == .produce else {
        return request.answer(ApiVersionsResponse.listing([.produce: 12]))
      }
      var response = ProduceResponse()
      response.topics = [ProduceResponse.Topic()]
      response.topics[0].partitions = [ProduceResponse.Partition()]
      response.topics[0].partitions[0].errorCode = .messageTooLarge
      response.topics[0].partitions[0].errorMessage = "2 MB"
      return request.answer(response)
    }
    let connection = try KafkaConnection(to: broker.endpoint)
    var batch = BatchBuilder()
    fill(&batch, with: 0..<1)
    try batch.finish()
    let found = #expect(throws: ClientError.self) {
      try connection.produce(batch.bytes, to: partition)
    }
    #expect(
      found?.description == "The broker at \(broker.endpoint) refused a batch for orders-0: "
        + "MESSAGE_TOO_LARGE (2 MB). Send smaller batches.")
    #expect(throws: Never.self) { try connection.version(of: .fetch) }
  }

  @Test("versions that name topics by id ask for the id once")
  func asksForTopicIDs() throws {
    let id = TopicID(high: 1, low: 2)
    let broker = try ScriptedBroker { request in
      switch request.header.api {
      case .metadata:
        var response = MetadataResponse()
        response.topics = [MetadataResponse.Topic()]
        response.topics[0].name = "orders"
        response.topics[0].id = id
        return request.answer(response)
      case .produce:
        var response = ProduceResponse()
        response.topics = [ProduceResponse.Topic()]
        response.topics[0].id = try request.decode(ProduceRequest.self).topics[0].id
        response.topics[0].partitions = [ProduceResponse.Partition()]
        return request.answer(response)
      default: return request.answer(ApiVersionsResponse.listing())
      }
    }
    let connection = try KafkaConnection(to: broker.endpoint)
    var batch = BatchBuilder()
    fill(&batch, with: 0..<1)
    try batch.finish()
    for _ in 0..<3 { _ = try connection.produce(batch.bytes, to: partition) }
    #expect(
      broker.requests.map(\.header.api) == [.apiVersions, .metadata, .produce, .produce, .produce])
    #expect(try broker.requests.last?.decode(ProduceRequest.self).topics[0].id == id)
  }

  @Test("records are fetched from the offset asked for, and a batch that is cut off is left out")
  func fetches() throws {
    var records: [UInt8] = []
    for (codec, base) in [(CompressionCodec.none, 0), (.zstd, 10), (.lz4, 20)] {
      records += try encodedBatch(codec: codec, baseOffset: base, count: 10)
    }
    records += try encodedBatch(codec: .none, baseOffset: 30, count: 10).dropLast(5)
    let answer = fetchResponse(records)
    let broker = try ScriptedBroker { request in
      request.header.api == .fetch
        ? request.answer(answer)
        : request.answer(ApiVersionsResponse.listing([.fetch: 12]))
    }
    let connection = try KafkaConnection(to: broker.endpoint)
    var offsets: [Int64] = []
    var values: [String] = []
    let fetched = try connection.fetch(partition, from: Offset(rawValue: 5)) { record in
      offsets.append(record.offset.rawValue)
      let value = record.value
      values.append(
        unsafe value?.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) } ?? "")
      return true
    }
    #expect(offsets == Array(5..<30))
    #expect(values == (5..<30).map { "value \($0)" })
    #expect(fetched.nextOffset.rawValue == 30)
    #expect(fetched.byteCount == records.count)

    let stopped = try connection.fetch(partition, from: Offset(rawValue: 5)) { record in
      record.offset.rawValue < 12
    }
    #expect(stopped.nextOffset.rawValue == 13)
  }

  @Test("a damaged batch is reported with its partition")
  func reportsDamage() throws {
    var records = try encodedBatch(codec: .none, baseOffset: 0, count: 10)
    records[records.count - 1] ^= 1
    let answer = fetchResponse(records)
    let broker = try ScriptedBroker { request in
      request.header.api == .fetch
        ? request.answer(answer)
        : request.answer(ApiVersionsResponse.listing([.fetch: 12]))
    }
    let connection = try KafkaConnection(to: broker.endpoint)
    let found = #expect(throws: ClientError.self) {
      try connection.fetch(partition, from: .zero) { _ in true }
    }
    guard case .damagedBatch(partition, .checksumMismatch) = found?.reason else {
      Issue.record("\(String(describing: found))")
      return
    }
  }

  @Test(
    "a broker that misbehaves is reported",
    arguments: [
      Misbehaviour.closes, .isSilent, .announcesTooMuch, .announcesLessThanNothing, .answersAnother,
      .endsEarly,
    ])
  func reportsMisbehaviour(misbehaviour: Misbehaviour) throws {
    let broker = try ScriptedBroker { request in
      guard request.header.api == .metadata else {
        return request.answer(ApiVersionsResponse.listing())
      }
      return misbehaviour.reply(to: request.header.correlationID)
    }
    var options = KafkaConnection.Options()
    options.maxAnswerByteCount = 1_000_000
    let connection = try KafkaConnection(to: broker.endpoint, options)
    // A wait below nothing leaves a broker that is silent one millisecond.
    let wait = misbehaviour == .isSilent ? 1 - options.timeoutMilliseconds : 0
    let found = #expect(throws: ClientError.self) {
      try connection.receive(connection.send(MetadataRequest(), waitMilliseconds: wait))
    }
    #expect(found.map { misbehaviour.matches($0.reason) } == true, "\(String(describing: found))")
  }

  @Test("nobody listening, and a name without an address, are told apart")
  func reportsUnreachable() throws {
    let taken = try LoopbackListener(isListening: false)
    let nobody = Endpoint(host: "127.0.0.1", port: taken.port)
    let refused = #expect(throws: ClientError.self) {
      try withExtendedLifetime(taken) { _ = try KafkaConnection(to: nobody) }
    }
    #expect(refused?.description.contains("Connection refused") == true)
    let unknown = Endpoint(host: "name with spaces", port: 9092)
    let found = #expect(throws: ClientError.self) { _ = try KafkaConnection(to: unknown) }
    guard case .unresolvable = found?.reason else {
      Issue.record("\(String(describing: found))")
      return
    }
  }

  @Test(
    "endpoints are host, colon, port",
    arguments: [
      ("localhost:9092", Endpoint(host: "localhost", port: 9092)),
      ("[::1]:19092", Endpoint(host: "::1", port: 19092)),
      ("10.0.0.1:1", Endpoint(host: "10.0.0.1", port: 1)),
      ("localhost", nil), (":9092", nil), ("::1:9092", nil), ("host:0", nil), ("host:65536", nil),
      ("host:-1", nil), ("[]:9092", nil),
    ])
  func endpoints(text: String, expected: Endpoint?) {
    #expect(Endpoint(text) == expected)
    if let expected { #expect(expected.description == text) }
  }

  // MARK: Parts

  private func error(_ reason: ClientError.Reason, _ broker: ScriptedBroker) -> ClientError {
    ClientError(reason, at: broker.endpoint)
  }

  private func fill(_ batch: inout BatchBuilder, with numbers: Range<Int>) {
    for number in numbers {
      let value = Array("value \(number)".utf8)
      batch.append(value: value.span, timestampMilliseconds: Int64(number))
    }
  }

  private func encodedBatch(
    codec: CompressionCodec, baseOffset: Int, count: Int
  ) throws -> [UInt8] {
    var batch = BatchBuilder(codec: codec)
    fill(&batch, with: baseOffset..<(baseOffset + count))
    try batch.finish()
    var bytes = unsafe batch.bytes.withUnsafeBytes { unsafe Array($0) }
    bytes[7] = UInt8(baseOffset)
    return bytes
  }

  private func fetchResponse(_ records: [UInt8]) -> FetchResponse {
    var response = FetchResponse()
    response.topics = [FetchResponse.Topic()]
    response.topics[0].name = "orders"
    response.topics[0].partitions = [FetchResponse.Partition()]
    response.topics[0].partitions[0].highWatermark = 40
    response.topics[0].partitions[0].records = .bytes(records)
    return response
  }
}

/// What a broken or foreign server may do instead of answering.
enum Misbehaviour: Sendable {
  case closes, isSilent, announcesTooMuch, announcesLessThanNothing, answersAnother, endsEarly

  func reply(to correlationID: Int32) -> ScriptedBroker.Reply {
    let id = (0..<4).map { UInt8(truncatingIfNeeded: correlationID >> (24 - 8 * $0)) }
    return switch self {
    case .closes: .close
    case .isSilent: .nothing
    case .announcesTooMuch: .send([0x48, 0x54, 0x54, 0x50])
    case .announcesLessThanNothing: .send([0xFF, 0xFF, 0xFF, 0xFF])
    case .answersAnother: .send([0, 0, 0, 5, 0, 0, 0, 99, 0])
    case .endsEarly: .send([0, 0, 0, 6] + id + [0, 0])
    }
  }

  func matches(_ reason: ClientError.Reason) -> Bool {
    switch (self, reason) {
    case (.closes, .closed), (.isSilent, .timedOut): true
    case (.announcesTooMuch, .answerTooLarge(0x4854_5450, 1_000_000)): true
    case (.announcesLessThanNothing, .answerTooLarge(-1, 1_000_000)): true
    case (.answersAnother, .malformedAnswer(.metadata, let error)):
      error.reason == .unexpectedCorrelationID(expected: 2, received: 99)
    case (.endsEarly, .malformedAnswer(.metadata, let error)):
      error.reason == .truncated(needed: 4, available: 1)
    default: false
    }
  }
}
