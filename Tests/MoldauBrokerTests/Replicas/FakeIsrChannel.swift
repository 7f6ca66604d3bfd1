import MoldauCluster
import Synchronization

/// Keeps the changes that a leader asks for until the test answers them.
final class FakeIsrChannel: IsrChannel {
  typealias Completion = @Sendable (Result<PartitionImage, IsrChangeFailure>) -> Void

  private let asked = Mutex<[(IsrChange, Completion)]>([])

  func alter(_ change: IsrChange, _ completion: @escaping Completion) {
    asked.withLock { $0.append((change, completion)) }
  }

  /// What was asked for and is not answered.
  var changes: [IsrChange] { asked.withLock { $0.map(\.0) } }

  /// Answers the earliest change.
  func answer(_ outcome: Result<PartitionImage, IsrChangeFailure>) {
    let completion = asked.withLock { $0.removeFirst().1 }
    completion(outcome)
  }
}
