import MoldauDisk
import MoldauFormat
import Synchronization

@testable import MoldauLog

/// A clock that stands still until it is set.
final class ModelClock: WallClock {
  private let now = Atomic<Int64>(1_000_000)

  func nowMilliseconds() -> Int64 { now.load(ordering: .relaxed) }

  func advance(byMilliseconds milliseconds: Int64) {
    now.add(milliseconds, ordering: .relaxed)
  }
}

/// A store on a simulated disk, and beside it the model of what was done to it.
///
/// Does random steps, the same for the same seed. It waits for each commit, so that the order of
/// calls to the disk is the same too.
final class ModelStore {
  static let path = "/store"

  let clock = ModelClock()
  private(set) var disk: SimulatedDisk
  /// `nil` between a failed opening and the next one.
  private(set) var store: LogStore?
  private(set) var topics: [String: ModelTopic] = [:]
  /// Whether a sync has failed since the store was opened.
  var isPoisoned: Bool { store?.services.isPoisoned ?? false }
  /// Whether a sync has failed since the beginning.
  private(set) var wasPoisoned = false
  private var generator: SeededGenerator
  private var stepCount = 0
  /// What the step at hand does.
  private var lastAction = ""
  /// What each step did, with the number of calls to the disk up to its end.
  private(set) var history: [String] = []

  init(seed: UInt64, disk: SimulatedDisk = SimulatedDisk()) {
    generator = SeededGenerator(seed: seed)
    self.disk = disk
  }

  static func open(_ disk: SimulatedDisk, clock: any WallClock) throws(LogError) -> LogStore {
    var configuration = StoreConfiguration(
      recoveryThreadCount: 1, journalBytes: 64 << 10, checkpointInterval: .zero)
    configuration.runsMaintenance = false
    return try LogStore.open(at: path, configuration, disk: disk, clock: clock)
  }

  /// Opens the store and does steps until they are done or the disk has stopped.
  ///
  /// Errors that a fault explains end a step, not the run.
  func run(stepCount: Int) throws {
    if store == nil {
      do throws(LogError) { store = try Self.open(disk, clock: clock) } catch { try explain(error) }
      if disk.isDown { return }
    }
    for _ in 0..<stepCount {
      try step()
      if disk.isDown { break }
    }
  }

  /// Ends the store's threads, after a crash or at the end of a test. What it reports is no news then.
  func stop() {
    guard let store else { return }
    self.store = nil
    do throws(LogError) { try store.closeBlocking() } catch {}
  }

  /// Does what is needed after a fault to have an open store that takes appends.
  func heal() throws {
    disk.onCall = nil
    if let store, isPoisoned {
      try checkPoisoned(store)
      try reopen(store)
    }
    if store == nil { try open() }
    try check()
    for log in store?.topics.flatMap(\.partitions) ?? [] {
      let batch = ModelBatch.random(
        recordCount: 1, valueByteCount: 10, around: clock.nowMilliseconds(), using: &generator)
      let (topic, index) = (log.identity.topic, Int(log.identity.partition))
      guard let model = topics[topic]?.logs[index] else { continue }
      var expected = batch
      expected.stamp(baseOffset: model.end, leaderEpoch: model.leaderEpoch)
      _ = try unsafe log.append(batch.bytes.span.bytes, leaderEpoch: model.leaderEpoch)
      topics[topic]?.logs[index].append(expected)
    }
    try check()
  }

  /// Goes on with what a crash has left. Holds it to the model and takes it over.
  func restart(on left: SimulatedDisk, keepsAll: Bool) throws {
    let crashedInOpening = store == nil
    stop()
    disk = left
    let opened = try Self.open(left, clock: clock)
    store = opened
    let contents = try ModelCheck(
      topics: topics, keepsAll: keepsAll, damages: opened.recovery.damages,
      reportWasLost: crashedInOpening
    ).run(opened)
    adopt(contents, opened, isAllDurable: !keepsAll)
  }

  /// Takes what an opening has found for what there is. What the death of a process has left is durable
  /// only as far as it was before, or as the store says.
  private func adopt(
    _ contents: [TopicPartition: [ModelBatch]], _ store: LogStore, isAllDurable: Bool
  ) {
    for (name, topic) in topics {
      guard let opened = store.existingTopic(name) else {
        topics[name] = nil
        continue
      }
      var adopted = topic
      adopted.presence = .certain
      for (index, log) in opened.partitions.enumerated() {
        let known = max(topic.logs[index].durableEnd, log.durableOffset)
        adopted.logs[index].adopt(
          contents[log.identity] ?? [], start: log.startOffset, end: log.endOffset,
          durableEnd: isAllDurable ? log.endOffset : min(known, log.endOffset))
      }
      topics[name] = adopted
    }
  }

  /// Holds the open store to the model.
  func check() throws {
    guard let store else { return }
    _ = try ModelCheck(topics: topics, keepsAll: true).run(store)
  }

  private func note(_ action: String) {
    lastAction = action
  }

  // MARK: Steps

  private func roll(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  /// Does one random step; an error that the disk did not cause is the test's.
  func step() throws {
    stepCount += 1
    defer {
      history.append("\(stepCount) \(disk.callCount) \(lastAction)")
      if ModelEffort.isTracing { print(history[history.count - 1]) }
    }
    clock.advance(byMilliseconds: Int64(roll(0...10)))
    do {
      guard let store else { return try open() }
      if isPoisoned {
        try checkPoisoned(store)
        return try reopen(store)
      }
      if topics.isEmpty { return try createTopic(store) }
      switch roll(0...99) {
      case 0..<26: try append(count: roll(1...6), valueBytes: 10...200)
      case 26..<30: try read()
      case 30..<39: try append(count: 1, valueBytes: 4200...9000)
      case 39..<42: try append(count: 1, valueBytes: 34_000...36_000)
      case 42..<58: try commit(isDirect: false)
      case 58..<64: try commit(isDirect: true)
      case 64..<70: try commitAll(store)
      case 70..<76: try truncate()
      case 76..<81: try deleteRecords()
      case 81..<89: try maintain(store)
      case 89..<92: try createTopic(store)
      case 92..<94: try removeTopic(store)
      case 94..<97: try reopen(store)
      default: advanceEpoch()
      }
    } catch let error as LogError {
      try explain(error)
    }
  }

  /// Whether a fault of the disk explains an error.
  private func explain(_ error: LogError) throws {
    switch error {
    case .io, .diskFull: break
    case .poisoned: wasPoisoned = true
    default:
      guard disk.isDown else { throw error }
    }
  }

  /// After a failed sync appends are refused and reads go on.
  private func checkPoisoned(_ store: LogStore) throws {
    note("poisoned")
    try check()
    guard let log = store.topics.first?.partitions.first else { return }
    let batch = ModelBatch.random(
      recordCount: 1, valueByteCount: 10, around: clock.nowMilliseconds(), using: &generator)
    do throws(LogError) {
      _ = try unsafe log.append(batch.bytes.span.bytes)
    } catch {
      guard case .poisoned = error else { throw error }
      return
    }
    throw BrokenPromise("an append was taken after a failed sync")
  }

  /// Reads from a random offset with random bounds.
  private func read() throws {
    guard let (log, topic, index) = try randomLog(), let model = topics[topic]?.logs[index]
    else { return }
    let span = Int(model.end - log.startOffset)
    let offset = log.startOffset.advanced(by: Int64(roll(0...span)))
    let limit = roll(0...1) == 0 ? Offset(rawValue: .max) : offset.advanced(by: Int64(roll(0...9)))
    let maxBytes = roll(0...20_000)
    note("read \(log.identity) from \(offset), limit \(limit), \(maxBytes) bytes")
    let bytes = try log.read(from: offset, limit: limit, maxBytes: maxBytes)?.copyBytes() ?? []
    var found: [ModelBatch] = []
    var position = 0
    while position < bytes.count {
      found.append(try ModelBatch(parsing: bytes[position...]))
      position += found[found.count - 1].bytes.count
    }
    let expected = model.batches.filter { $0.nextOffset > offset && $0.baseOffset < limit }
    try hold(found == Array(expected.prefix(found.count)), "reading from \(offset) finds others")
    let hasSome = !expected.isEmpty && offset < min(limit, model.end)
    try hold(found.isEmpty != hasSome, "reading from \(offset) finds \(found.count) batches")
    try hold(found.count <= 1 || bytes.count <= maxBytes, "more than \(maxBytes) bytes")
  }

  private func randomLog() throws -> (log: PartitionLog, topic: String, index: Int)? {
    let names = topics.filter { $0.value.presence == .certain }.keys.sorted()
    guard let store, !names.isEmpty else { return nil }
    let name = names[roll(0...names.count - 1)]
    guard let topic = store.existingTopic(name) else { return nil }
    let index = roll(0...topic.partitions.count - 1)
    return (topic.partitions[index], name, index)
  }

  private func append(count: Int, valueBytes: ClosedRange<Int>) throws {
    guard let (log, topic, index) = try randomLog() else { return }
    note("append \(log.identity) \(count) of \(valueBytes)")
    for _ in 0..<count {
      guard let model = topics[topic]?.logs[index] else { return }
      let hasProducer = roll(0...2) == 0
      // A log may remember a producer whose records are gone.
      let known = log.state.withLock { $0.producers.producers[7]?.batches.last?.lastSequence }
      var batch = ModelBatch.random(
        recordCount: roll(1...3), valueByteCount: roll(valueBytes), around: clock.nowMilliseconds(),
        producerID: hasProducer ? 7 : -1, firstSequence: hasProducer ? (known ?? -1) + 1 : -1,
        using: &generator)
      let input = batch.bytes
      batch.stamp(baseOffset: model.end, leaderEpoch: model.leaderEpoch)
      topics[topic]?.logs[index].pending = batch
      let appended: AppendedBatch
      do {
        appended = try unsafe log.append(input.span.bytes, leaderEpoch: model.leaderEpoch)
      } catch {
        if !disk.isDown { topics[topic]?.logs[index].pending = nil }
        throw error
      }
      try hold(appended.baseOffset == batch.baseOffset, "appended at \(appended.baseOffset)")
      topics[topic]?.logs[index].append(batch)
    }
  }

  private func commit(isDirect: Bool) throws {
    guard let (log, topic, index) = try randomLog(), let end = topics[topic]?.logs[index].end
    else { return }
    note("commit \(log.identity) below \(end)\(isDirect ? " directly" : "")")
    if let failure = log.commitAndWait(isDirect: isDirect) { throw failure }
    topics[topic]?.logs[index].durableEnd = end
  }

  /// One commit for all logs.
  private func commitAll(_ store: LogStore) throws {
    note("commit all")
    let logs = store.topics.flatMap(\.partitions)
    let (isHeldUp, gate) = (WakeSignal(), WakeSignal())
    let outcomes = Shared<[LogError?]>([])
    let done = WakeSignal()
    store.services.commits.perform {
      isHeldUp.wake()
      gate.sleep()
    }
    // Else the commit thread could take a part of them with what holds it up.
    isHeldUp.sleep()
    for log in logs {
      log.services.commits.add(
        CommitWaiter(log: log, offset: log.endOffset, isDirect: roll(0...7) == 0) { failure in
          outcomes.value.withLock { $0.append(failure) }
          done.wake()
        })
    }
    gate.wake()
    for _ in logs { done.sleep() }
    for case let failure? in outcomes.value.withLock({ $0 }) { throw failure }
    for name in topics.keys where topics[name]?.presence == .certain {
      for index in topics[name]?.logs.indices ?? 0..<0 {
        let end = topics[name]?.logs[index].end ?? .zero
        topics[name]?.logs[index].durableEnd = end
      }
    }
  }

  private func truncate() throws {
    guard let (log, topic, index) = try randomLog(), let model = topics[topic]?.logs[index]
    else { return }
    // Mostly near the end, so that logs grow.
    let span = min(model.end - log.startOffset, roll(0...3) == 0 ? .max : 12)
    let offset = model.end.advanced(by: -Int64(roll(0...Int(span))))
    note("truncate \(log.identity) from \(model.end) to \(offset)")
    topics[topic]?.logs[index].pendingCut = offset
    do throws(LogError) { try log.truncate(to: offset) } catch {
      // Nothing was changed unless the store says that it has to be opened again.
      if !disk.isDown, !log.services.isPoisoned { topics[topic]?.logs[index].pendingCut = nil }
      throw error
    }
    topics[topic]?.logs[index].pendingCut = nil
    guard offset < model.end else { return }
    let end = log.endOffset
    try hold(
      end >= model.endAfterCut(to: offset) && end <= offset, "cut to \(offset) ends at \(end)")
    topics[topic]?.logs[index].cut(to: end)
  }

  private func deleteRecords() throws {
    guard let (log, topic, index) = try randomLog(), let model = topics[topic]?.logs[index],
      let configuration = topics[topic]?.configuration
    else { return }
    let offset = log.startOffset.advanced(
      by: Int64(roll(0...max(0, Int(model.end - log.startOffset)))))
    note("delete \(log.identity) below \(offset)")
    topics[topic]?.logs[index].mostStart = max(model.mostStart, offset)
    try log.deleteRecords(before: offset, configuration, now: clock.nowMilliseconds())
    topics[topic]?.logs[index].leastStart = max(model.leastStart, offset)
  }

  private func maintain(_ store: LogStore) throws {
    note("maintain")
    for (name, topic) in topics {
      for index in topic.logs.indices where !topic.configuration.retention.isEmpty {
        topics[name]?.logs[index].mostStart = topic.logs[index].end
      }
    }
    store.runMaintenance()
    guard !disk.isDown else { return }
    for (name, topic) in topics {
      guard let opened = store.existingTopic(name) else { continue }
      for index in topic.logs.indices {
        topics[name]?.logs[index].mostStart = opened.partitions[index].startOffset
      }
    }
  }

  private func createTopic(_ store: LogStore) throws {
    let names = ["a", "b", "c-1"].filter { topics[$0] == nil }
    guard !names.isEmpty else { return }
    let name = names[roll(0...names.count - 1)]
    let configuration = TopicConfiguration(
      partitionCount: roll(1...3),
      retention: roll(0...2) == 0 ? [.bytes(roll(4...40) << 10)] : [],
      segmentBytes: [2048, 12 << 10, 40 << 10][roll(0...2)],
      indexIntervalBytes: [0, 300, 4096][roll(0...2)], deleteDelay: .milliseconds(20))
    note("create \(name) of \(configuration.partitionCount), \(configuration.segmentBytes)")
    topics[name] = ModelTopic(
      configuration: configuration,
      logs: Array(repeating: ModelLog(), count: configuration.partitionCount))
    _ = try store.createTopic(name, configuration)
    topics[name]?.presence = .certain
  }

  private func removeTopic(_ store: LogStore) throws {
    let names = topics.filter { $0.value.presence == .certain }.keys.sorted()
    guard names.count > 1 else { return }
    let name = names[roll(0...names.count - 1)]
    note("remove \(name)")
    topics[name]?.presence = .deleting
    try store.removeTopic(name)
    topics[name] = nil
  }

  private func reopen(_ store: LogStore) throws {
    note("reopen")
    let wasPoisoned = isPoisoned
    self.store = nil
    var isClosed = false
    do throws(LogError) {
      try store.closeBlocking()
      isClosed = true
      for (name, topic) in topics where topic.presence == .certain {
        for index in topic.logs.indices {
          topics[name]?.logs[index].durableEnd = topic.logs[index].end
        }
      }
    } catch {
      try explain(error)
    }
    if disk.isDown { return }
    try open()
    if isClosed, let wasClean = self.store?.recovery.wasClean {
      try hold(wasClean != wasPoisoned, "found clean: \(wasClean) after a clean stop")
    }
  }

  /// Opens the store on the same disk.
  private func open() throws {
    note("open")
    let opened = try Self.open(disk, clock: clock)
    self.store = opened
    let contents = try ModelCheck(
      topics: topics, keepsAll: true, damages: opened.recovery.damages
    ).run(opened)
    adopt(contents, opened, isAllDurable: false)
  }

  private func advanceEpoch() {
    let names = topics.keys.sorted()
    let name = names[roll(0...names.count - 1)]
    for index in topics[name]?.logs.indices ?? 0..<0 { topics[name]?.logs[index].leaderEpoch += 1 }
  }
}

extension PartitionLog {
  /// Makes all that was appended durable; returns what went wrong.
  func commitAndWait(isDirect: Bool = false) -> LogError? {
    let done = WakeSignal()
    let outcome = Shared<LogError?>(nil)
    services.commits.add(
      CommitWaiter(log: self, offset: endOffset, isDirect: isDirect) { failure in
        outcome.value.withLock { $0 = failure }
        done.wake()
      })
    done.sleep()
    return outcome.value.withLock { $0 }
  }
}
