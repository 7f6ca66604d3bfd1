import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Laws of a store that is embedded.
struct EmbeddingStoreTests {
  @Test("the example of the documentation works, in memory")
  func example() async throws {
    let store = try await LogStore.inMemory(
      .init(durability: .groupCommit(maxDelay: .milliseconds(2))))
    #expect(store.recovery.wasClean)
    let orders = try await store.topic(
      "orders", .init(retention: [.age(.seconds(7 * 86_400))], compression: .lz4))
    let bytes: [UInt8] = [1, 2, 3]
    let id = "00-4bf92f3577b34da6"
    let offset = try await orders.append(
      Record(key: "o-42", value: bytes, headers: [("traceparent", id)]))
    let batch = (0..<10).map { Record(key: "o-42", value: "\($0)") }
    let range = try await orders.append(contentsOf: batch)
    let ticket = try orders.enqueue(Record(key: "o-43", value: "later"))
    try await ticket.durable()
    var read = 0
    for try await record in orders.read(from: .offset(offset)) {
      if record.offset == offset { #expect(record.header("traceparent") == Array(id.utf8)) }
      read += 1
    }
    #expect(read == 12)
    var scanned = 0
    try orders.scan(from: .earliest, maxBytes: 8 << 20) { view in
      scanned += view.value?.byteCount ?? 0
    }
    #expect(scanned == 3 + 10 + 5)
    #expect(range.count == 10)
    var tailed = 0
    for try await record in orders.tail(from: .earliest) {
      tailed += 1
      if record.keyText == "o-43" { break }
    }
    #expect(tailed == 12)
    let billing = try await store.consumer(group: "billing", topic: "orders")
    let consumed = try #require(try await billing.nextBatch())
    try await billing.commit(consumed)
    #expect(try billing.lag() == 0)
    try await store.close()
    try await store.close()
  }

  @Test("the blocking calls open, create and close")
  func blocking() throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.topicBlocking("orders")
    #expect(try store.topicBlocking("orders") === topic)
    try topic.appendBlocking(Record(value: "a"))
    try store.closeBlocking()
    try store.closeBlocking()
  }

  @Test("many topics and consumers in one store in memory, with its maintenance thread")
  func inMemory() async throws {
    let store = try await LogStore.inMemory()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<6 {
        group.addTask {
          let topic = try await store.topic("topic-\(number)", .init(segmentBytes: 4096))
          for index in 0..<100 { try await topic.append(Record(value: "\(index)")) }
          let consumer = try await store.consumer(group: "group", topic: topic.name)
          var count = 0
          while count < 100, let batch = try await consumer.nextBatch(maxRecords: 17) {
            count += batch.records.count
            try await consumer.commit(batch)
          }
          #expect(try consumer.lag() == 0)
        }
      }
      try await group.waitForAll()
    }
    try await store.close()
  }
}
