import MoldauDisk
import MoldauLog
import Synchronization

/// Gives out producer ids, each only once, whatever crashes.
///
/// Ids are reserved in blocks: the end of a block is durable before the first of it is given out, and
/// a restart begins behind it. The first block is reserved when the first producer comes. Thread-safe.
/// Format: docs/format/producer-ids.md.
final class ProducerIDs: Sendable {
  /// With what a producer writes.
  struct Producer: Hashable, Sendable {
    var id: Int64
    var epoch: Int16
  }

  private struct State: Sendable {
    /// nil until the file was read.
    var next: Int64?
    /// What the file says: ids below may have been given out.
    var end: Int64 = 0
  }

  static let blockSize: Int64 = 1_000
  /// No broker comes this far: an id from here on is a client's own invention.
  private static let madeUpID: Int64 = 1 << 62

  private let store: LogStore
  private let state = Mutex(State())
  /// Held while a block is reserved.
  private let reserving = Mutex(())

  init(store: LogStore) {
    self.store = store
  }

  /// The next epoch of `id`, or a new id where that is −1, was not given out here, or has had its last
  /// epoch; nil when the disk must be asked.
  func next(_ id: Int64, _ epoch: Int16) -> Producer? {
    state.withLock { state in
      guard let next = state.next else { return nil }
      if (0..<next).contains(id), (0..<Int16.max - 1).contains(epoch) {
        return Producer(id: id, epoch: epoch + 1)
      }
      guard next < state.end else { return nil }
      state.next = next + 1
      return Producer(id: next, epoch: 0)
    }
  }

  /// As `next`, reserving a block where it must. Blocks.
  func reserve(_ id: Int64, _ epoch: Int16) throws(LogError) -> Producer {
    try reserving.withLock { (_) throws(LogError) in
      if state.withLock({ $0.next == nil }) {
        let start = try firstFreeID()
        state.withLock { state in
          state.next = start
          state.end = start
        }
      }
      while true {
        if let producer = next(id, epoch) { return producer }
        let end = state.withLock { $0.end } + Self.blockSize
        do throws(DiskError) {
          try store.disk.replaceFile(
            at: path, with: ProducerIDBlock(end: end).encode(), isDurable: true)
        } catch {
          throw LogError(error)
        }
        state.withLock { $0.end = end }
      }
    }
  }

  private var path: String { "\(store.path)/\(StoreLayout.producerIDs)" }

  /// Where a directory goes on; one of another program's behind all ids that its logs know.
  private func firstFreeID() throws(LogError) -> Int64 {
    let bytes: [UInt8]
    do throws(DiskError) {
      guard try store.disk.kind(of: path) == .file else {
        let known = store.topics.flatMap(\.partitions).map {
          $0.highestProducerID(below: Self.madeUpID)
        }
        return (known.max() ?? -1) + 1
      }
      bytes = try store.disk.contents(of: path)
    } catch {
      throw LogError(error)
    }
    guard let block = ProducerIDBlock(parsing: bytes) else {
      throw .corrupt(
        path: path, position: .zero,
        reason: .invalid(field: "producer ids", reason: "it is not two lines of numbers"))
    }
    return block.end
  }
}
