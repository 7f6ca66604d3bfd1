import MoldauDisk
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauLog

/// Laws of back-pressure and cancellation.
struct EmbeddingBackpressureTests {
  private static let record = Record(value: String(repeating: "x", count: 300))

  @Test("enqueue is refused at the bound and goes on when bytes have become durable")
  func enqueue() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false), maxPendingBytes: 1000)
    let topic = try store.createTopic("orders", TopicConfiguration())
    let gate = CommitGate(store)
    let first = try topic.enqueue(Self.record)
    let second = try topic.enqueue(Self.record)
    #expect(throws: LogError.backpressure(limit: 1000)) { try topic.enqueue(Self.record) }
    #expect(try topic.endOffset().rawValue == 2)
    // What asks for no sync does not wait for one.
    #expect(try topic.enqueue(Self.record, durability: .buffered).offset.rawValue == 2)
    gate.open()
    try await first.durable()
    try await second.durable()
    #expect(store.services.commits.pendingBytes.byteCount == 0)
    try await topic.enqueue(Self.record).durable()
    try await store.close()
  }

  @Test("an append without room waits, and is written when there is some")
  func appendWaits() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false), maxPendingBytes: 500)
    let topic = try store.createTopic("orders", TopicConfiguration())
    let gate = CommitGate(store)
    try topic.enqueue(Self.record)
    let waiting = Task { try await topic.append(Self.record) }
    while store.services.commits.pendingBytes.waitingCount == 0 { await Task.yield() }
    #expect(try topic.endOffset().rawValue == 1)
    gate.open()
    #expect(try await waiting.value.rawValue == 1)
    try await store.close()
  }

  @Test("cancelling an append that waits for room writes nothing; its room goes to the next")
  func cancelWhileWaiting() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false), maxPendingBytes: 500)
    let topic = try store.createTopic("orders", TopicConfiguration())
    let gate = CommitGate(store)
    try topic.enqueue(Self.record)
    let waiting = Task { try await topic.append(Self.record) }
    let pending = store.services.commits.pendingBytes
    while pending.waitingCount == 0 { await Task.yield() }
    waiting.cancel()
    await #expect(throws: LogError.cancelled) { try await waiting.value }
    #expect(pending.waitingCount == 0)
    gate.open()
    #expect(try await topic.append(Self.record).rawValue == 1)
    #expect(try await topic.values().count == 2)
    try await store.close()
  }

  @Test("cancelling an append that is written neither loses nor doubles it")
  func cancelAfterWrite() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic("orders", TopicConfiguration())
    let gate = CommitGate(store)
    let written = Task { try await topic.append(Self.record) }
    while try topic.endOffset() == .zero { await Task.yield() }
    written.cancel()
    gate.open()
    #expect(try await written.value == .zero)
    #expect(try await topic.values().count == 1)
    try await store.close()
  }

  @Test("a task that was cancelled before appends nothing")
  func cancelledBefore() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic("orders", TopicConfiguration())
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      try await topic.append(Self.record)
    }
    task.cancel()
    await #expect(throws: LogError.cancelled) { try await task.value }
    #expect(try topic.endOffset() == .zero)
    try await store.close()
  }

  @Test("closing ends the wait for room")
  func closeEndsWait() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false), maxPendingBytes: 500)
    let topic = try store.createTopic("orders", TopicConfiguration())
    let pending = store.services.commits.pendingBytes
    #expect(pending.reserve(400))
    let waiting = Task { try await topic.append(Self.record) }
    while pending.waitingCount == 0 { await Task.yield() }
    try await store.close()
    await #expect(throws: LogError.closed) { try await waiting.value }
  }

  @Test("room is given out in the order in which it was asked for, and never past the bound")
  func line() {
    let pending = PendingBytes(limit: 100)
    let served = Mutex<[Int]>([])
    #expect(pending.reserve(60))
    #expect(!pending.reserve(50))
    for (index, byteCount) in [50, 10, 40].enumerated() {
      _ = pending.waitForRoom(byteCount) { _ in served.withLock { $0.append(index) } }
    }
    // Ten bytes would fit, but the first in line needs fifty.
    #expect(!pending.reserve(10))
    #expect(served.withLock { $0 } == [])
    pending.release(60)
    #expect(served.withLock { $0 } == [0, 1, 2])
    #expect(pending.byteCount == 100)
    pending.release(100)
    #expect(pending.reserve(1000), "what is larger than the bound goes alone")
    #expect(!pending.reserve(1))
    pending.release(1000)
    #expect(pending.byteCount == 0)
  }

  @Test("a failed sync reaches every waiter and poisons the store")
  func failedSync() async throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration())
    try await topic.append(Self.record)
    disk.onCall = DiskFault.at(1, .fail(errno: 5)) { $0.name == "fdatasync" }
    let ticket = try topic.enqueue(Self.record)
    await #expect(throws: LogError.self) { try await topic.append(Self.record) }
    await #expect(throws: LogError.self) { try await ticket.durable() }
    await #expect(throws: LogError.self) {
      try await topic.append(Self.record, durability: .buffered)
    }
    #expect(store.services.commits.pendingBytes.byteCount == 0)
    await #expect(throws: LogError.self) { try await store.close() }
  }
}
