import MoldauCluster
import Synchronization

/// Gives out producer ids of blocks that are this broker's alone in its cluster.
///
/// What is left of a block when the broker stops is never given out. Thread-safe.
final class ClusterProducerIDs: Sendable {
  typealias Completion = @Sendable (Result<ProducerIDs.Producer, ClusterRefusal>) -> Void

  private struct State: Sendable {
    var block: Range<Int64> = 0..<0
    /// Who waits for the next block.
    var waiting: [Completion] = []

    mutating func take() -> ProducerIDs.Producer? {
      guard !block.isEmpty else { return nil }
      defer { block = (block.lowerBound + 1)..<block.upperBound }
      return ProducerIDs.Producer(id: block.lowerBound, epoch: 0)
    }
  }

  private let state = Mutex(State())

  /// Calls `completion` with an id that nobody else gets; at once, or when the cluster has given this
  /// broker another block.
  func next(_ member: ClusterMember, _ completion: @escaping Completion) {
    let (producer, isFirst) = state.withLock { state in
      // In the order in which they came.
      if state.waiting.isEmpty, let producer = state.take() {
        return (producer as ProducerIDs.Producer?, false)
      }
      state.waiting.append(completion)
      return (nil, state.waiting.count == 1)
    }
    if let producer { return completion(.success(producer)) }
    if isFirst { reserve(member) }
  }

  private func reserve(_ member: ClusterMember) {
    member.reserveProducerIDs { [self] result in
      let (served, isDone) = state.withLock { state in
        var served: [(Completion, Result<ProducerIDs.Producer, ClusterRefusal>)] = []
        switch result {
        case .failure(let refusal):
          served = state.waiting.map { ($0, .failure(refusal)) }
          state.waiting = []
        case .success(let block):
          state.block = block
          while let completion = state.waiting.first, let producer = state.take() {
            state.waiting.removeFirst()
            served.append((completion, .success(producer)))
          }
        }
        return (served, state.waiting.isEmpty)
      }
      for (completion, result) in served { completion(result) }
      if !isDone { reserve(member) }
    }
  }
}
