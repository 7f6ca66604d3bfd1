import MoldauProtocol
import Synchronization

/// Why a fetch as a whole has no answer but an error.
struct FetchRefusal: Error, Equatable {
  let code: ErrorCode
}

/// What a consumer has told once, so that it need not tell it again with each fetch (KIP-227).
///
/// Requests of one session come one after another, from one connection; the lock is for a client
/// that errs.
final class FetchSession: Sendable {
  private struct State: Sendable {
    /// In the order in which they are served.
    var partitions: [FetchPartition] = []
    /// The epoch that the next request must bear.
    var nextEpoch: Int32 = 1
  }

  let id: Int32
  /// Whether its requests name topics by id.
  let usesTopicIDs: Bool
  private let state: Mutex<State>

  init(id: Int32, usesTopicIDs: Bool, _ partitions: [FetchPartition]) {
    self.id = id
    self.usesTopicIDs = usesTopicIDs
    var state = State()
    Self.add(partitions, to: &state.partitions)
    self.state = Mutex(state)
  }

  var partitions: [FetchPartition] { state.withLock { $0.partitions } }

  /// Takes a request's changes; returns the partitions that it is about, in order.
  func update(with request: FetchRequest) throws(FetchRefusal) -> [FetchPartition] {
    try state.withLock { (state) throws(FetchRefusal) in
      guard request.sessionEpoch == state.nextEpoch else {
        throw FetchRefusal(code: .invalidFetchSessionEpoch)
      }
      state.nextEpoch = state.nextEpoch == .max ? 1 : state.nextEpoch + 1
      Self.add(request.named, to: &state.partitions)
      let forgotten = request.forgotten
      if !forgotten.isEmpty { state.partitions.removeAll { forgotten.contains($0.key) } }
      return state.partitions
    }
  }

  /// Adds partitions; those that are there already keep their places and what was told.
  private static func add(_ named: [FetchPartition], to all: inout [FetchPartition]) {
    guard !named.isEmpty else { return }
    var places: [FetchPartitionKey: Int] = [:]
    for (place, partition) in all.enumerated() { places[partition.key] = place }
    for partition in named {
      if let place = places[partition.key] {
        all[place].wanted = partition.wanted
      } else {
        places[partition.key] = all.count
        all.append(partition)
      }
    }
  }

  /// Notes what an answer told. Partitions whose records it brought move to the end, so that the
  /// others come first the next time.
  func note(_ told: [FetchPartition], served: Set<FetchPartitionKey>) {
    guard !told.isEmpty else { return }
    var byKey: [FetchPartitionKey: FetchPartition] = [:]
    for partition in told { byKey[partition.key] = partition }
    state.withLock { state in
      for place in state.partitions.indices {
        guard let told = byKey[state.partitions[place].key] else { continue }
        state.partitions[place].toldHighWatermark = told.toldHighWatermark
        state.partitions[place].toldLogStartOffset = told.toldLogStartOffset
      }
      guard !served.isEmpty, served.count < state.partitions.count else { return }
      let moved = state.partitions.filter { served.contains($0.key) }
      state.partitions.removeAll { served.contains($0.key) }
      state.partitions += moved
    }
  }
}
