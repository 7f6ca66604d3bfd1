import Glibc
import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Topics of which a store has some partitions.
struct HostedTopicTests {
  private static let configuration = TopicConfiguration(retention: [])
  private static let otherID = TopicID(high: 0x1234_5678_9ABC_4DEE, low: 0x8123_4567_89AB_CDEF)

  private func make(_ store: LogStore, _ numbers: [Int], of count: Int) throws(LogError) -> Topic {
    try store.createTopic(
      "orders", id: replicaTopicID, hosting: numbers, of: count, Self.configuration)
  }

  private func numbers(_ topic: Topic) -> [Int] {
    topic.partitions.map { Int($0.identity.partition) }
  }

  /// The folders of partitions, by their names.
  private func folders(_ disk: SimulatedDisk) throws -> [String] {
    try disk.list("/store").filter { $0.kind == .directory }.map(\.name).sorted()
  }

  @Test(
    "partitions come and go; each opening finds those that are here, the number of all, and the id")
  func comeAndGo() throws {
    let disk = SimulatedDisk(isCrashable: false)
    var store = try openReplicaStore(disk)
    var topic = try make(store, [4, 1], of: 6)
    #expect(topic.id == replicaTopicID)
    for number in [1, 4] {
      _ = try #require(topic.log(ofPartition: number)).append(value: "kept \(number)")
    }
    func reopen() throws {
      try store.closeBlocking()
      store = try openReplicaStore(disk)
      topic = try #require(store.existingTopic("orders"))
      #expect(store.recovery.missingPartitions.isEmpty && store.recovery.losses.isEmpty)
      #expect(topic.id == replicaTopicID)
    }
    for _ in 0..<2 {
      #expect(topic.partitionCount == 6 && numbers(topic) == [1, 4])
      #expect(throws: LogError.unknownPartition(TopicPartition(topic: "orders", partition: 0))) {
        try topic.endOffset(partition: 0)
      }
      try reopen()
    }
    try store.host([0, 1, 5], of: topic, partitionCount: 6)
    #expect(numbers(topic) == [0, 1, 4, 5])
    #expect(try topic.scannedValues(partition: 1) == ["kept 1"])
    try reopen()
    #expect(numbers(topic) == [0, 1, 4, 5])
    let version = store.topicsVersion
    try store.removePartitions([4, 0, 3], of: topic)
    #expect(store.topicsVersion != version)
    #expect(numbers(topic) == [1, 5] && topic.partitionCount == 6)
    try reopen()
    #expect(numbers(topic) == [1, 5] && topic.partitionCount == 6)
    // One that comes back is empty.
    try store.host([4], of: topic, partitionCount: 9)
    #expect(numbers(topic) == [1, 4, 5] && topic.partitionCount == 9)
    #expect(try topic.scannedValues(partition: 4) == [])
    try reopen()
    #expect(numbers(topic) == [1, 4, 5] && topic.partitionCount == 9)
    #expect(topic.log(ofPartition: 4)?.startOffset == .zero)
    // The topic has got more of them, none of which is here.
    try store.host([], of: topic, partitionCount: 12)
    try reopen()
    #expect(topic.partitionCount == 12 && topic.configuration.partitionCount == 12)
    try store.removePartitions([1, 4, 5], of: topic)
    #expect(store.topics.isEmpty)
    store.runMaintenance()
    #expect(try folders(disk) == [])
    try store.closeBlocking()
    let text = String(decoding: try disk.contents(of: "/store/moldau-topics"), as: UTF8.self)
    #expect(text == "0\n")
  }

  @Test("a topic with all its partitions can give some away, and takes no more on its own")
  func fromWhole() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openReplicaStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration(partitionCount: 3))
    try store.removePartitions([1], of: topic)
    #expect(numbers(topic) == [0, 2])
    #expect(throws: LogError.self) { try store.addPartitions(to: topic, count: 5) }
    try store.closeBlocking()
    let again = try openReplicaStore(disk)
    let opened = try #require(again.existingTopic("orders"))
    #expect(numbers(opened) == [0, 2] && opened.partitionCount == 3 && opened.id == topic.id)
    var configuration = opened.configuration
    configuration.retention = [.bytes(1000)]
    try again.alterTopic(opened, configuration)
    try again.closeBlocking()
    let last = try openReplicaStore(disk)
    let altered = try #require(last.existingTopic("orders"))
    #expect(numbers(altered) == [0, 2] && altered.configuration.retention == [.bytes(1000)])
    try last.closeBlocking()
  }

  @Test("what a reader has looked up stays with it when the partition goes")
  func removedUnderReaders() throws {
    let store = try openReplicaStore(SimulatedDisk())
    let topic = try make(store, [0, 1], of: 2)
    let log = try #require(topic.log(ofPartition: 1))
    _ = try log.append(value: "read")
    let slice = try #require(
      try log.read(from: .zero, limit: log.endOffset, maxBytes: 1000))
    try store.removePartitions([1], of: topic)
    store.runMaintenance()
    #expect(try slice.copyBytes().count > 0)
    #expect(throws: LogError.closed) { try log.append(value: "too late") }
    try store.closeBlocking()
  }

  // MARK: Crashes

  /// Makes `change` crash at each call; `check` gets what opening finds, and whether `change` was done.
  ///
  /// - Parameter mayMiss: whether an opening may find a folder missing.
  private func crashAtEachCall(
    mayMiss: Bool = false, _ prepare: (LogStore) throws -> Void,
    _ change: (LogStore) throws(LogError) -> Void,
    _ check: (LogStore, SimulatedDisk, Bool, String) throws -> Void
  ) throws {
    for nth in 1... {
      let disk = SimulatedDisk()
      let store = try openReplicaStore(disk)
      try prepare(store)
      disk.onCall = DiskFault.crashing(nth: nth)
      var isDone = false
      do throws(LogError) {
        try change(store)
        isDone = true
      } catch {
        guard disk.isDown else { throw error }
      }
      let isDown = disk.isDown
      var generator = SeededGenerator(seed: UInt64(nth))
      for style in CrashStyle.allCases {
        let left = disk.crash(style, using: &generator)
        let again = try openReplicaStore(left)
        #expect(mayMiss || again.recovery.missingPartitions.isEmpty, "\(style) at \(nth)")
        #expect(again.recovery.losses.isEmpty, "\(style) at \(nth)")
        try check(again, left, isDone, "\(style) at \(nth)")
        try again.closeBlocking()
      }
      withExtendedLifetime(store) {}
      guard isDown else { break }
    }
  }

  @Test("a crash at any call leaves the topic with its partitions or nothing")
  func crashWhileMaking() throws {
    var outcomes: Set<[Int]> = []
    try crashAtEachCall { _ in
    } _: { store throws(LogError) in
      _ = try make(store, [1, 3], of: 5)
    } _: { store, disk, isDone, place in
      let topic = store.existingTopic("orders")
      let found = topic.map(numbers) ?? []
      outcomes.insert(found)
      #expect(found == [1, 3] || (found == [] && !isDone), "\(place)")
      let folders = try folders(disk)
      #expect(folders == found.map { "orders-\($0)" }, "\(place)")
      if let topic { #expect(topic.id == replicaTopicID && topic.partitionCount == 5) }
      if topic == nil {
        let made = try make(store, [0, 1], of: 5)
        #expect(numbers(made) == [0, 1], "\(place)")
      }
    }
    #expect(outcomes == [[], [1, 3]])
  }

  @Test("a crash at any call leaves the partitions that were to come, or none of them")
  func crashWhileHosting() throws {
    var outcomes: Set<[Int]> = []
    try crashAtEachCall { store in
      let topic = try make(store, [1], of: 3)
      _ = try #require(topic.log(ofPartition: 1)).append(value: "kept")
      #expect(topic.log(ofPartition: 1)?.commitAndWait() == nil)
    } _: { store throws(LogError) in
      guard let topic = store.existingTopic("orders") else { throw .unknownTopic("orders") }
      try store.host([0, 4], of: topic, partitionCount: 5)
    } _: { store, disk, isDone, place in
      let topic = try #require(store.existingTopic("orders"))
      let found = numbers(topic)
      outcomes.insert(found)
      #expect(found == [0, 1, 4] || (found == [1] && !isDone), "\(place)")
      #expect(topic.partitionCount == (found == [1] ? 3 : 5), "\(place)")
      let folders = try folders(disk)
      #expect(folders == found.map { "orders-\($0)" }, "\(place)")
      let values = try topic.scannedValues(partition: 1)
      #expect(values == ["kept"], "\(place)")
    }
    #expect(outcomes == [[1], [0, 1, 4]])
  }

  @Test("a crash at any call leaves the partitions that were to go, or none; the rest stays")
  func crashWhileRemoving() throws {
    var outcomes: Set<[Int]> = []
    try crashAtEachCall { store in
      let topic = try make(store, [0, 1, 2], of: 3)
      for log in topic.partitions {
        _ = try log.append(value: "kept")
        #expect(log.commitAndWait() == nil)
      }
    } _: { store throws(LogError) in
      guard let topic = store.existingTopic("orders") else { throw .unknownTopic("orders") }
      try store.removePartitions([0, 2], of: topic)
    } _: { store, disk, isDone, place in
      let topic = try #require(store.existingTopic("orders"))
      let found = numbers(topic)
      outcomes.insert(found)
      #expect(found == [1] || (found == [0, 1, 2] && !isDone), "\(place)")
      let folders = try folders(disk)
      #expect(folders == found.map { "orders-\($0)" }, "\(place)")
      for number in found {
        let values = try topic.scannedValues(partition: number)
        #expect(values == ["kept"], "\(place)")
      }
      // What comes back is empty.
      try store.host([0, 1, 2], of: topic, partitionCount: 3)
      for number in 0..<3 where !found.contains(number) {
        let values = try topic.scannedValues(partition: number)
        #expect(values == [], "\(place)")
      }
    }
    #expect(outcomes == [[1], [0, 1, 2]])
  }

  @Test("partitions that could not be taken in are not there later, whichever call has failed")
  func failureWhileHosting() throws {
    var failureCount = 0
    for nth in 1... {
      let disk = SimulatedDisk()
      let store = try openReplicaStore(disk)
      let topic = try make(store, [1], of: 3)
      disk.onCall = DiskFault.failing(nth: nth, errno: 28)
      var isDone = true
      do throws(LogError) { try store.host([0, 2], of: topic, partitionCount: 3) } catch {
        isDone = false
        failureCount += 1
      }
      disk.onCall = nil
      #expect(numbers(topic) == (isDone ? [0, 1, 2] : [1]), "call \(nth)")
      if !isDone { try store.host([0, 2], of: topic, partitionCount: 3) }
      #expect(numbers(topic) == [0, 1, 2], "call \(nth)")
      try store.closeBlocking()
      let again = try openReplicaStore(disk)
      #expect(again.recovery.missingPartitions.isEmpty)
      #expect(numbers(try #require(again.existingTopic("orders"))) == [0, 1, 2], "call \(nth)")
      try again.closeBlocking()
      if isDone { break }
    }
    #expect(failureCount > 5)
  }

  // MARK: Folders that are not as they should be

  @Test(
    "a folder that is gone is told, until the partition is taken in again",
    arguments: [true, false])
  func missingFolder(isClean: Bool) throws {
    let disk = SimulatedDisk()
    let store = try openReplicaStore(disk)
    let topic = try make(store, [0, 1], of: 2)
    for log in topic.partitions {
      _ = try log.append(value: "kept")
      #expect(log.commitAndWait() == nil)
    }
    if isClean { try store.closeBlocking() }
    let left = isClean ? disk : disk.crash(.keepAll)
    try left.removeFolder("/store/orders-1")
    let missing = TopicPartition(topic: "orders", partition: 1)
    for _ in 0..<2 {
      let again = try openReplicaStore(left)
      #expect(again.recovery.missingPartitions == [missing])
      #expect(numbers(try #require(again.existingTopic("orders"))) == [0])
      try again.closeBlocking()
    }
    let mending = try openReplicaStore(left)
    try mending.host([1], of: try #require(mending.existingTopic("orders")), partitionCount: 2)
    try mending.closeBlocking()
    let whole = try openReplicaStore(left)
    #expect(whole.recovery.missingPartitions.isEmpty)
    #expect(numbers(try #require(whole.existingTopic("orders"))) == [0, 1])
    try whole.closeBlocking()
    for number in 0..<2 { try left.removeFolder("/store/orders-\(number)") }
    let empty = try openReplicaStore(left)
    #expect(empty.recovery.missingPartitions.count == 2 && empty.topics.isEmpty)
    #expect(numbers(try make(empty, [1], of: 2)) == [1])
    try empty.closeBlocking()
  }

  @Test("a folder of an earlier topic of the name, or of a partition that is not here, goes")
  func staleFolders() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openReplicaStore(disk)
    _ = try make(store, [0], of: 3)
    try store.closeBlocking()
    for (number, id) in [(1, replicaTopicID), (2, Self.otherID)] {
      try disk.makeDirectory("/store/orders-\(number)")
      try disk.replaceFile(
        at: "/store/orders-\(number)/partition.metadata",
        with: PartitionMetadata(topicID: id).encode(),
        isDurable: true)
    }
    try disk.replaceFile(
      at: "/store/orders-0/partition.metadata",
      with: PartitionMetadata(topicID: Self.otherID).encode(), isDurable: true)
    try disk.makeDirectory("/store/orders-9")
    _ = try disk.open("/store/orders-9/notes.txt", .create)
    let again = try openReplicaStore(disk)
    #expect(again.topics.isEmpty)
    #expect(again.recovery.missingPartitions == [TopicPartition(topic: "orders", partition: 0)])
    #expect(try folders(disk) == ["orders-9"])
    // The topic that has the name now is made over what is left.
    let made = try again.createTopic(
      "orders", id: Self.otherID, hosting: [0, 2], of: 3, Self.configuration)
    #expect(made.id == Self.otherID)
    try again.closeBlocking()
  }

  @Test("what is set aside is no partition any more; its files stay", arguments: [[1], [4, 1]])
  func setAside(numbers: [Int]) throws {
    let disk = SimulatedDisk(isCrashable: false)
    var store = try openReplicaStore(disk)
    let topic = try make(store, [4, 1], of: 6)
    for number in [1, 4] {
      _ = try #require(topic.log(ofPartition: number)).append(value: "kept \(number)")
    }
    let aside = try store.setAside(numbers, of: topic)
    #expect(aside.count == numbers.count)
    for _ in 0..<2 {
      let left = [1, 4].filter { !numbers.contains($0) }
      #expect(store.existingTopic("orders").map { self.numbers($0) } ?? [] == left)
      for folder in aside {
        #expect(folder.hasSuffix("-stray"))
        #expect(try disk.size(of: "\(folder)/00000000000000000000.log") > 0)
      }
      store.runMaintenance()
      try store.closeBlocking()
      store = try openReplicaStore(disk)
      #expect(store.recovery.missingPartitions.isEmpty)
    }
    guard numbers.count == 2 else { return }
    #expect(try make(store, [1], of: 6).log(ofPartition: 1)?.endOffset == .zero)
  }

  @Test("a crash at any call leaves a partition with its records where it was, or set aside")
  func crashWhileSettingAside() throws {
    try crashAtEachCall(mayMiss: true) { store in
      let log = try #require(try make(store, [0, 1], of: 2).log(ofPartition: 1))
      _ = try log.append(value: "kept")
      #expect(log.commitAndWait(isDirect: false) == nil)
    } _: { store throws(LogError) in
      guard let topic = store.existingTopic("orders") else { throw .unknownTopic("orders") }
      _ = try store.setAside([1], of: topic)
    } _: { store, disk, isDone, place in
      let log = store.existingTopic("orders")?.log(ofPartition: 1)
      #expect(log == nil || log?.endOffset == Offset(rawValue: 1), "\(place)")
      let aside = try folders(disk).filter { $0.hasSuffix("-stray") }
      #expect(aside.count == (log == nil ? 1 : 0), "\(place)")
      for folder in aside {
        #expect(try disk.size(of: "/store/\(folder)/00000000000000000000.log") > 0, "\(place)")
      }
      #expect(!isDone || log == nil, "\(place)")
    }
  }

  @Test(
    "what the journal has of a partition that went is not of the one that comes back",
    arguments: [1, 2])
  func journalOfRemoved(count: Int) throws {
    let disk = SimulatedDisk()
    let store = try openReplicaStore(disk)
    var topic = try make(store, Array(0..<count), of: 2)
    let log = try #require(topic.log(ofPartition: 0))
    for index in 0..<3 { _ = try log.append(value: "v\(index)") }
    // The journal alone has what follows.
    try store.services.checkpoint([log])
    for index in 3..<6 { _ = try log.append(value: "v\(index)") }
    #expect(log.commitAndWait(isDirect: false) == nil)
    try store.removePartitions([0], of: topic)
    if count == 1 {
      topic = try make(store, [0], of: 2)
    } else {
      try store.host([0], of: topic, partitionCount: 2)
    }

    try expectNothingAfterPowerCut(disk)
    withExtendedLifetime(store) {}
  }

  @Test("nor is what a commit was to put there when the partition went")
  func commitOfRemoved() throws {
    let disk = SimulatedDisk()
    let store = try openReplicaStore(disk, threads: .manual)
    let topic = try make(store, [0, 1], of: 2)
    let log = try #require(topic.log(ofPartition: 0))
    _ = try log.append(value: "gone")
    let outcome = Shared<[LogError?]>([])
    log.services.commits.add(
      CommitWaiter(log: log, offset: log.endOffset, isDirect: false) { failure in
        outcome.value.withLock { $0.append(failure) }
      })
    try store.removePartitions([0], of: topic)
    try store.host([0], of: topic, partitionCount: 2)
    #expect(store.runCommits())
    #expect(outcome.value.withLock { $0 } == [.closed])

    try expectNothingAfterPowerCut(disk)
    withExtendedLifetime(store) {}
  }

  private func expectNothingAfterPowerCut(_ disk: SimulatedDisk) throws {
    let again = try openReplicaStore(disk.crash(.loseAllUnsynced))
    let recovered = try #require(again.existingTopic("orders")?.log(ofPartition: 0))
    #expect(recovered.endOffset == .zero)
    try again.closeBlocking()
  }

  @Test(
    "a partition that comes back and cannot be listed leaves nothing that the journal waits for",
    arguments: [1, 2])
  func journalOfUnlisted(count: Int) throws {
    let disk = SimulatedDisk()
    let store = try openReplicaStore(disk)
    let topic = try make(store, Array(0..<count), of: 2)
    let other = try store.createTopic("other", TopicConfiguration(retention: [])).partitions[0]
    try store.removePartitions([0], of: topic)
    let listings = Shared(0)
    disk.onCall = { call in
      guard call.name == "open", call.isChange, call.path.contains(StoreLayout.topicConfigurations)
      else { return nil }
      // A topic that comes back is listed without partitions first.
      return listings.value.withLock { listings in
        listings += 1
        return listings == 3 - count ? .fail(errno: EIO) : nil
      }
    }
    #expect(throws: LogError.self) {
      if count == 1 {
        _ = try make(store, [0], of: 2)
      } else {
        try store.host([0], of: topic, partitionCount: 2)
      }
    }
    disk.onCall = nil
    #expect(try folders(disk).filter { $0 == "orders-0" }.isEmpty)
    // More than both of the journal's files hold.
    for _ in 0..<200 {
      _ = try other.append(value: String(repeating: "x", count: 1000))
      #expect(other.commitAndWait(isDirect: false) == nil)
      store.runMaintenance()
    }
    #expect(!store.services.isPoisoned)
    try store.closeBlocking()
  }
}
