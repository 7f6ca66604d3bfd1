import MoldauDisk
import MoldauFormat
import MoldauLog
import Testing

@testable import MoldauBroker

struct ProducerIDsTests {
  @Test("no id is given out twice, whichever moment the broker is killed at")
  func restarts() async throws {
    let store = try await LogStore.inMemory()
    var seen: Set<Int64> = []
    for count in [1, 2, 999, 1000, 1001, 1] {
      let ids = ProducerIDs(store: store)
      for _ in 0..<count {
        let producer = try ids.next(-1, -1) ?? ids.reserve(-1, -1)
        #expect(producer.epoch == 0)
        #expect(seen.insert(producer.id).inserted)
      }
    }
    #expect(seen.min() == 0)
  }

  @Test("the disk is asked once a block")
  func blocks() async throws {
    let store = try await LogStore.inMemory()
    let ids = ProducerIDs(store: store)
    #expect(ids.next(-1, -1) == nil)
    for expected in 0..<ProducerIDs.blockSize {
      let producer = expected == 0 ? try ids.reserve(-1, -1) : ids.next(-1, -1)
      #expect(producer?.id == expected)
    }
    #expect(ids.next(-1, -1) == nil)
  }

  @Test(
    "an id that a client has made up moves no others",
    arguments: [(Int64.max, 0), (Int64.max - 10, 0), (41, 42)] as [(Int64, Int64)])
  func madeUp(used: Int64, first: Int64) async throws {
    let store = try await LogStore.inMemory()
    var encoder = RecordBatchEncoder()
    let value: [UInt8] = [1]
    unsafe encoder.append(key: nil, value: value.span.bytes, timestampMilliseconds: 1)
    encoder.finish(
      BatchFields(
        attributes: BatchAttributes(rawValue: 0), producerID: used, producerEpoch: 0,
        baseSequence: 0))
    _ = try await store.topic("t").partitions[0].append(encoder.bytes)
    #expect(try ProducerIDs(store: store).reserve(-1, -1) == .init(id: first, epoch: 0))
  }

  @Test("a file that is none of ours is left, and no id is given out")
  func damaged() async throws {
    let store = try await LogStore.inMemory()
    let path = "\(store.path)/moldau-producer-ids"
    for text in ["", "0\n", "1\n5\n", "0\n-5\n", "0\nx\n", "0\n5", "0\n5\n\n"] {
      try store.disk.replaceFile(at: path, with: Array(text.utf8), isDurable: false)
      #expect(throws: LogError.self) { try ProducerIDs(store: store).reserve(-1, -1) }
      #expect(try store.disk.contents(of: path) == Array(text.utf8))
    }
  }

  @Test("a block survives being written and read", arguments: [0, 1, 1_000, Int64.max])
  func roundTrip(end: Int64) {
    #expect(ProducerIDBlock(parsing: ProducerIDBlock(end: end).encode())?.end == end)
  }
}
