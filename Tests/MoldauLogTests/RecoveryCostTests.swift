import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// What recovery and readers need not do again and again.
struct RecoveryCostTests {
  @Test("a segment with many damaged spots is written anew once, and each spot is reported")
  func manySpots() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    for index in 0..<100 { _ = try log.append(value: "value \(index)") }
    let damaged = (0..<99).filter { $0 % 10 == 5 }
    var positions: [Int] = []
    for index in damaged {
      positions.append(try #require(try log.locate(Offset(rawValue: Int64(index)))).position)
    }
    let left = disk.crash(.keepAll)
    let path = "/store/orders-0/00000000000000000000.log"
    var bytes = try left.contents(of: path)
    for position in positions { bytes[position + RecordBatchHeader.byteCount + 4] ^= 0x55 }
    try left.replaceFile(at: path, with: bytes, isDurable: true)
    let renames = Shared(0)
    left.onCall = { call in
      if call.name == "rename", call.path.hasSuffix(".log.cleaned") {
        renames.value.withLock { $0 += 1 }
      }
      return nil
    }
    let again = try openStore(left)
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    let expected = (0..<100).filter { !damaged.contains($0) }.map { "value \($0)" }
    #expect(try recovered.values() == expected)
    #expect(
      again.recovery.damages.map(\.offsets)
        == damaged.map { Offset(rawValue: Int64($0))..<Offset(rawValue: Int64($0) + 1) })
    #expect(
      again.recovery.damages.map(\.position) == positions.map { FilePosition(rawValue: $0) })
    #expect(renames.value.withLock { $0 } == 1)
    try again.closeBlocking()
  }

  @Test("a reader of committed records looks for aborted ones in its segment, not in all behind it")
  func abortedTransactions() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    for index in 0..<20 {
      _ = try log.append(value: "value \(index)")
      try log.rollNow()
    }
    let paths = Shared<Set<String>>([])
    disk.onCall = { call in
      if call.path.hasSuffix(".txnindex") { paths.value.withLock { _ = $0.insert(call.path) } }
      return nil
    }
    #expect(try log.abortedTransactions(from: .zero, to: Offset(rawValue: 1)).isEmpty)
    disk.onCall = nil
    #expect(log.segmentCount > 10)
    #expect(paths.value.withLock { $0.count } <= 1)
    try store.closeBlocking()
  }

  @Test(
    "committed offsets are found where they were put when partitions of their topic are missing")
  func missingPartition() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let partition = TopicPartition(topic: "orders", partition: 0)
    for round in 0..<3 as Range<Int64> {
      let store = try openStore(disk)
      let all = try store.groupOffsets()
      #expect(all.partitions.count == 50)
      let offsets = all.partition(of: "group")
      try offsets.load()
      let committed = offsets.committed(group: "group", partition)?.offset.rawValue
      #expect(committed == (round == 0 ? nil : round))
      let value = GroupOffsetValue(
        offset: Offset(rawValue: round + 1), commitTimestampMilliseconds: 1)
      _ = try offsets.append([.offset(partition, value)], group: "group")
      #expect(offsets.number > 0)
      if round == 1 {
        #expect(throws: LogError.self) {
          try all.partitions[0].load()
        }
      }
      let topic = try #require(store.existingTopic(GroupOffsets.topicName))
      #expect(throws: LogError.self) { try store.addPartitions(to: topic, count: 60) }
      try store.closeBlocking()
      if round == 0 { try disk.removeFolder("/store/\(GroupOffsets.topicName)-0") }
    }
  }
}
