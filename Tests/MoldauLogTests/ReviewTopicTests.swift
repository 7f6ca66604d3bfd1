import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Topics that come and go under work that is under way, and logs that are cut.
struct ReviewTopicTests {
  private let rolling = TopicConfiguration(retention: [], segmentBytes: 1024)

  @Test("work that was left for a deleted topic touches neither the store nor its successor")
  func deletedUnderWork() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let old = try store.createTopic("orders", rolling).partitions[0]
    for index in 0..<50 { _ = try old.append(value: "old \(index)") }
    try store.removeTopic("orders")
    let new = try store.createTopic("orders", rolling).partitions[0]
    _ = try new.append(value: "new")
    store.runMaintenance()
    #expect(throws: LogError.closed) { try commit(old) }
    try commit(new)
    #expect(!store.services.isPoisoned)
    let names = try disk.list("/store/orders-0").map(\.name)
    #expect(Set(names).subtracting(["partition.metadata"]) == ["00000000000000000000.log"])
    try store.closeBlocking()
  }

  @Test("a topic made anew under an old name begins at offset 0, also after a crash")
  func madeAnew() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let old = try store.createTopic("orders", rolling).partitions[0]
    for index in 0..<50 { _ = try old.append(value: "old \(index)") }
    try old.deleteRecords(before: Offset(rawValue: 40), rolling, now: 0)
    try store.services.writeCheckpoints([old])
    try store.removeTopic("orders")
    let new = try store.createTopic("orders", rolling).partitions[0]
    for index in 0..<50 { _ = try new.append(value: "new \(index)") }
    let again = try openStore(disk.crash(.keepAll))
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    #expect(recovered.startOffset == .zero)
    #expect(try recovered.values() == (0..<50).map { "new \($0)" })
    try again.closeBlocking()
  }

  @Test("a checkpoint that was begun before a topic came or went speaks of those that are there")
  func lateCheckpoint() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let names = ["gone", "stays"]
    for name in names {
      let log = try store.createTopic(name, rolling).partitions[0]
      for index in 0..<50 { _ = try log.append(value: "\(index)") }
      try log.deleteRecords(before: Offset(rawValue: 40), rolling, now: 0)
    }
    let killed = disk.crash(.keepAll)
    withExtendedLifetime(store) {}

    // The checkpoint of what this opening has found waits for the maintenance thread.
    let again = try openStore(killed)
    try again.removeTopic("gone")
    let made = try again.createTopic("made", rolling).partitions[0]
    for index in 0..<50 { _ = try made.append(value: "\(index)") }
    try made.deleteRecords(before: Offset(rawValue: 40), rolling, now: 0)
    again.services.maintenance.runJobs()
    let starts = try killed.contents(of: "/store/\(StoreLayout.logStarts)")
    let expected = [("made", 40), ("stays", 40)].map { name, start in
      OffsetCheckpoint.Entry(
        TopicPartition(topic: name, partition: 0), Offset(rawValue: Int64(start)))
    }
    #expect(try unsafe OffsetCheckpoint(parsing: starts.span.bytes).entries == expected)

    let left = try openStore(killed.crash(.loseAllUnsynced))
    withExtendedLifetime(again) {}
    for name in ["made", "stays"] {
      let log = try #require(left.existingTopic(name)).partitions[0]
      #expect(log.startOffset == Offset(rawValue: 40), "\(name)")
    }
    try left.closeBlocking()
  }

  @Test("what was appended behind a cut is what a power cut leaves, not what was cut")
  func cutAndAppended() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", rolling).partitions[0]
    for index in 0..<100 { _ = try log.append(value: "old \(index)") }
    try commit(log)
    try store.services.writeCheckpoints([log])
    try log.truncate(to: Offset(rawValue: 30))
    #expect(log.durableOffset == Offset(rawValue: 30))
    for index in 30..<60 { _ = try log.append(value: "new \(index)") }
    try commit(log)
    let expected = (0..<30).map { "old \($0)" } + (30..<60).map { "new \($0)" }
    #expect(try log.values() == expected)
    let again = try openStore(disk.crash(.loseAllUnsynced))
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    #expect(try recovered.values() == expected)
    try again.closeBlocking()
  }

  @Test("a file that comes while the file system is synced is not taken for synced")
  func nameDuringSync() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let logs = try store.createTopic("orders", TopicConfiguration(partitionCount: 17)).partitions
    for log in logs { _ = try log.append(value: "value") }
    disk.onCall = { call in
      guard call.name == "syncfs" else { return nil }
      do throws(LogError) { try logs[0].rollNow() } catch { return .fail(errno: 5) }
      return nil
    }
    try store.services.syncAll(logs)
    disk.onCall = nil
    #expect(logs[0].hasUnsyncedNames)
    #expect(!logs[1].isUnsynced)
    try store.closeBlocking()
  }

  @Test("a sync that finds no descriptor fails its waiters and poisons nothing")
  func noDescriptor() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    _ = try log.append(value: "value")
    disk.onCall = { $0.name == "open" ? .fail(errno: 24) : nil }
    #expect(throws: LogError.self) { try commit(log) }
    disk.onCall = nil
    try commit(log)
    try store.closeBlocking()
  }

  @Test("a store that was let go takes no more appends")
  func letGo() throws {
    var store: LogStore? = try openStore(SimulatedDisk())
    let log = try #require(store).createTopic("orders", TopicConfiguration()).partitions[0]
    _ = try log.append(value: "value")
    store = nil
    #expect(throws: LogError.closed) { try log.append(value: "late") }
  }

  @Test("a topic that gets the name of one whose deletion a fault has cut short has nothing of it")
  func deletionCutShort() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let old = try store.createTopic("orders", TopicConfiguration(partitionCount: 3))
    for log in old.partitions { _ = try log.append(value: "old") }
    disk.onCall = { call in
      call.name == "rename" && call.path.hasSuffix("/orders-1") ? .fail(errno: 5) : nil
    }
    #expect(throws: LogError.self) { try store.removeTopic("orders") }
    disk.onCall = nil
    let new = try store.createTopic("orders", TopicConfiguration())
    #expect(new.partitions.map(\.endOffset) == [.zero])
    _ = try new.partitions[0].append(value: "new")
    let again = try openStore(disk.crash(.keepAll))
    let recovered = try #require(again.existingTopic("orders"))
    #expect(try recovered.partitions.map { try $0.values() } == [["new"]])
    try again.closeBlocking()
  }
}

/// Waits until all of a log is durable.
func commit(_ log: PartitionLog) throws {
  let done = WakeSignal()
  let outcome = Shared<LogError?>(nil)
  log.services.commits.add(
    CommitWaiter(log: log, offset: log.endOffset, isDirect: false) { failure in
      outcome.value.withLock { $0 = failure }
      done.wake()
    })
  done.sleep()
  if let failure = outcome.value.withLock({ $0 }) { throw failure }
}
