internal import MoldauFormat
internal import Synchronization

/// A request to move replicas, in parts that are each one write: partitions of one topic, not too
/// many.
struct ReassignmentParts: Sendable {
  /// The places in the request that belong to each part.
  let parts: [[Int]]
  let count: Int

  init(_ reassignments: [Reassignment]) {
    count = reassignments.count
    let topics = Dictionary(grouping: reassignments.indices) {
      reassignments[$0].partition.topic
    }
    parts = topics.sorted { $0.key < $1.key }.flatMap { _, places in
      stride(from: 0, to: places.count, by: Limits.partitionsPerWrite).map {
        Array(places[$0..<min($0 + Limits.partitionsPerWrite, places.count)])
      }
    }
  }
}

/// The results of the parts of a request, until all are there.
final class PartialResults: Sendable {
  private struct State: Sendable {
    var results: [ClusterRefusal?]
    var missing: Int
  }

  private let parts: ReassignmentParts
  private let state: Mutex<State>
  private let completion: @Sendable ([ClusterRefusal?]) -> Void

  init(parts: ReassignmentParts, _ completion: @escaping @Sendable ([ClusterRefusal?]) -> Void) {
    self.parts = parts
    state = Mutex(
      State(results: Array(repeating: nil, count: parts.count), missing: parts.parts.count))
    self.completion = completion
  }

  func put(_ results: [ClusterRefusal?], of part: Int) {
    let all: [ClusterRefusal?]? = state.withLock { state in
      for (place, result) in zip(parts.parts[part], results) { state.results[place] = result }
      state.missing -= 1
      return state.missing == 0 ? state.results : nil
    }
    if let all { completion(all) }
  }
}
