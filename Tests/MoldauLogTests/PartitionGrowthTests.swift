import MoldauDisk
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauLog

/// Topics that get more partitions, and topics of which a directory holds only some.
struct PartitionGrowthTests {
  @Test("new partitions are there at once and after a reopening; the others keep what they have")
  func grow() async throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration())
    try await topic.append(Record(key: "k", value: "first"))
    for count in [2, 5, 20] {
      try store.addPartitions(to: topic, count: count)
      #expect(topic.partitionCount == count)
      #expect(topic.configuration.partitionCount == count)
      #expect(topic.partitions.map(\.identity.partition) == (0..<Int32(count)).map { $0 })
      try await topic.append(Record(value: "in \(count - 1)"), partition: count - 1)
    }
    #expect(throws: LogError.self) { try store.addPartitions(to: topic, count: 20) }
    #expect(throws: LogError.self) { try store.addPartitions(to: topic, count: 3) }
    #expect(throws: LogError.self) {
      try store.addPartitions(to: topic, count: Limits.maxPartitionsPerTopic + 1)
    }
    try store.closeBlocking()
    let again = try openStore(disk)
    let reopened = try #require(again.existingTopic("orders"))
    #expect(reopened.partitionCount == 20 && reopened.id == topic.id)
    #expect(try await reopened.values(partition: 0) == ["first"])
    #expect(try await reopened.values(partition: 19) == ["in 19"])
    try again.closeBlocking()
  }

  @Test("appends and reads go on while a topic grows")
  func growUnderWork() throws {
    let store = try openStore(SimulatedDisk(isCrashable: false), durability: .buffered)
    let topic = try store.createTopic("orders", TopicConfiguration())
    let appended = Shared(0)
    let failures = Shared<[LogError]>([])
    let stop = StopFlag()
    let threads = (0..<2).map { thread in
      EngineThread(name: "append") {
        var count = 0
        while !stop.isSet {
          do throws(LogError) {
            try topic.appendBlocking(Record(key: "\(thread) \(count)", value: "v"))
            _ = topic.partitions.reduce(0) { $0 + $1.byteCount }
            count += 1
          } catch {
            failures.value.withLock { $0.append(error) }
            return
          }
        }
        appended.value.withLock { $0 += count }
      }
    }
    for count in 2...40 { try store.addPartitions(to: topic, count: count) }
    stop.set()
    for thread in threads { thread.join() }
    #expect(failures.value.withLock { $0 }.isEmpty)
    let stored = topic.partitions.reduce(0) { $0 + Int($1.endOffset.rawValue) }
    #expect(stored == appended.value.withLock { $0 })
    try store.closeBlocking()
  }

  @Test("a crash at any call leaves the old number of partitions or the new one")
  func crashWhileGrowing() throws {
    var counts: Set<Int> = []
    for nth in 1... {
      let disk = SimulatedDisk()
      let store = try openStore(disk)
      let topic = try store.createTopic("orders", TopicConfiguration(partitionCount: 2))
      try topic.appendBlocking(Record(value: "kept"), partition: 0)
      disk.onCall = DiskFault.crashing(nth: nth)
      var hasGrown = false
      do throws(LogError) {
        try store.addPartitions(to: topic, count: 5)
        hasGrown = true
      } catch {}
      let isDown = disk.isDown
      var generator = SeededGenerator(seed: UInt64(nth))
      for style in CrashStyle.allCases {
        let again = try openStore(disk.crash(style, using: &generator))
        let recovered = try #require(again.existingTopic("orders"))
        #expect(again.topics.count == 1)
        #expect(recovered.partitions.count == recovered.partitionCount)
        #expect(recovered.partitions.allSatisfy { $0.topicID == topic.id })
        #expect(
          hasGrown ? recovered.partitionCount == 5 : [2, 5].contains(recovered.partitionCount))
        #expect(try recovered.scannedValues(partition: 0) == ["kept"])
        counts.insert(recovered.partitionCount)
        try again.addPartitions(to: recovered, count: 7)
        try again.closeBlocking()
      }
      guard isDown else { break }
    }
    #expect(counts == [2, 5])
  }

  @Test("a topic that could not be made is not there later, whichever call has failed")
  func failureWhileMaking() throws {
    var failureCount = 0
    for number in 1...60 {
      let disk = SimulatedDisk()
      let store = try openStore(disk)
      disk.onCall = DiskFault.at(number, .fail(errno: 24)) { $0.path.contains("orders-") }
      var isMade = true
      do {
        _ = try store.createTopic("orders", TopicConfiguration(partitionCount: 2))
      } catch {
        isMade = false
        failureCount += 1
      }
      disk.onCall = nil
      #expect((store.existingTopic("orders") != nil) == isMade, "call \(number)")
      try store.closeBlocking()
      let again = try openStore(disk)
      #expect((again.existingTopic("orders") != nil) == isMade, "call \(number)")
      if !isMade { _ = try again.createTopic("orders", TopicConfiguration(partitionCount: 2)) }
      try again.closeBlocking()
    }
    #expect(failureCount > 5)
  }

  @Test("a full disk keeps a topic as it is, and it can grow later")
  func fullDisk() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration(partitionCount: 2))
    disk.onCall = { $0.isChange && $0.path.contains("orders-3") ? .fail(errno: 28) : nil }
    #expect(throws: LogError.self) { try store.addPartitions(to: topic, count: 5) }
    disk.onCall = nil
    #expect(topic.partitionCount == 2)
    #expect(try disk.kind(of: "/store/orders-2") == nil)
    try store.addPartitions(to: topic, count: 4)
    try topic.appendBlocking(Record(value: "v"), partition: 3)
    try store.closeBlocking()
  }

  // MARK: Directories that hold some of a topic

  @Test(
    "a topic opens with the partitions that are there; the others are unknown",
    arguments: [true, false])
  func someMissing(isClean: Bool) async throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration(partitionCount: 4))
    for partition in 0..<4 {
      try topic.appendBlocking(Record(value: "\(partition)"), partition: partition)
    }
    if isClean { try store.closeBlocking() }
    let left = isClean ? disk : disk.crash(.keepAll)
    try left.removeFolder("/store/orders-1")
    try left.removeFolder("/store/orders-3")
    let again = try openStore(left)
    let opened = try #require(again.existingTopic("orders"))
    #expect(opened.partitionCount == 4)
    #expect(opened.partitions.map(\.identity.partition) == [0, 2])
    for missing in [1, 3, 4, -1] {
      #expect(
        throws: LogError.unknownPartition(
          TopicPartition(topic: "orders", partition: Int32(missing)))
      ) { try opened.endOffset(partition: missing) }
    }
    // Records without a key go to those that are there.
    for _ in 0..<4 { try opened.appendBlocking(Record(value: "new")) }
    #expect(try opened.endOffset(partition: 0) == Offset(rawValue: 3))
    #expect(try opened.endOffset(partition: 2) == Offset(rawValue: 3))
    let consumer = try await again.consumer(group: "g", topic: "orders")
    #expect(consumer.partitions == [0, 2])
    try again.addPartitions(to: opened, count: 6)
    #expect(opened.partitions.map(\.identity.partition) == [0, 2, 4, 5])
    try again.closeBlocking()
  }

  @Test("a folder that is only named like a partition's keeps no store from opening, and stays")
  func strayFolders() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    _ = try store.createTopic("orders", TopicConfiguration())
    try store.closeBlocking()
    let strays = ["backup-2024", "orders-2024", "empty-0", "huge-2147483647"]
    for name in strays { try disk.makeDirectory("/store/\(name)") }
    for name in ["backup-2024", "orders-2024"] {
      _ = try disk.open("/store/\(name)/notes.txt", .create)
    }
    for isClean in [true, false] {
      let again = try openStore(disk)
      #expect(again.topics.map(\.name) == ["orders"])
      #expect(again.topics.map(\.partitionCount) == [1])
      // A topic that is made does not take over what is somebody's.
      #expect(throws: LogError.self) {
        try again.createTopic("backup", TopicConfiguration(partitionCount: 2025))
      }
      #expect(try disk.kind(of: "/store/backup-0") == nil)
      if isClean { try again.closeBlocking() }
    }
    #expect(try disk.kind(of: "/store/backup-2024/notes.txt") == .file)
    #expect(try disk.kind(of: "/store/orders-2024/notes.txt") == .file)
  }

  @Test("the partitions of another program's topic open as far as they are there")
  func foreignTopic() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration(partitionCount: 3))
    try topic.appendBlocking(Record(value: "v"), partition: 2)
    try store.closeBlocking()
    try disk.remove("/store/moldau-topics")
    try disk.removeFolder("/store/orders-0")
    let again = try openStore(disk)
    let opened = try #require(again.existingTopic("orders"))
    #expect(opened.partitionCount == 3)
    #expect(opened.partitions.map(\.identity.partition) == [1, 2])
    #expect(try opened.scannedValues(partition: 2) == ["v"])
    try again.closeBlocking()
  }
}

/// Tells threads to end.
private final class StopFlag: Sendable {
  private let flag = Atomic<Bool>(false)

  var isSet: Bool { flag.load(ordering: .acquiring) }

  func set() {
    flag.store(true, ordering: .releasing)
  }
}
