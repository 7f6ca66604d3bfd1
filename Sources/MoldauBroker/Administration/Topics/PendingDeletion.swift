import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization

/// A request to delete records: first the leader's own log waits for its disk, then the followers are
/// waited for, as long as the client wants.
final class PendingDeletion: PendingRequest {
  /// What the blocking thread and the followers' fetches tell.
  final class Progress: Sendable {
    private struct State: Sendable {
      var response = DeleteRecordsResponse()
      /// Partitions that are not settled yet, and one for the leader's own work.
      var outstanding = 1
      var timer: Scheduler.Timer?
    }

    private let waker: RequestWaker
    private let scheduler: Scheduler
    private let state: Mutex<State>

    /// Until it is settled a partition's answer is that the time is up.
    init(_ request: DeleteRecordsRequest, _ waker: RequestWaker, _ scheduler: Scheduler) {
      self.waker = waker
      self.scheduler = scheduler
      var first = State()
      first.response.topics = request.topics.map { asked in
        var topic = DeleteRecordsResponse.Topic()
        topic.name = asked.name
        topic.partitions = asked.partitions.map { asked in
          var partition = DeleteRecordsResponse.Partition()
          partition.index = asked.index
          partition.lowWatermark = -1
          partition.errorCode = .requestTimedOut
          return partition
        }
        first.outstanding += topic.partitions.count
        return topic
      }
      state = Mutex(first)
    }

    /// Settles a partition, once.
    func settle(_ topic: Int, _ partition: Int, _ result: Result<Offset, AdministrationRefusal>) {
      let (isDone, timer) = state.withLock { state in
        switch result {
        case .success(let low):
          state.response.topics[topic].partitions[partition].lowWatermark = low.rawValue
          state.response.topics[topic].partitions[partition].errorCode = .none
        case .failure(let refusal):
          state.response.topics[topic].partitions[partition].errorCode = refusal.code
        }
        state.outstanding -= 1
        return (state.outstanding == 0, state.timer)
      }
      guard isDone else { return }
      if let timer { scheduler.cancel(timer) }
      waker.wake()
    }

    /// The leader has done its own part: from here on the client's time runs.
    func wait(milliseconds: Int32) {
      let timer = scheduler.timer { [weak self] in self?.end() }
      let isDone = state.withLock { state in
        state.outstanding -= 1
        state.timer = timer
        return state.outstanding == 0
      }
      if isDone { return waker.wake() }
      scheduler.set(timer, at: scheduler.clock.nowMilliseconds() + Int64(max(milliseconds, 0)))
    }

    private func end() {
      state.withLock { $0.outstanding = 0 }
      waker.wake()
    }

    /// Settles all that is not settled, where nothing was begun.
    func refuse(_ refusal: AdministrationRefusal) {
      state.withLock { state in
        for topic in state.response.topics.indices {
          for partition in state.response.topics[topic].partitions.indices {
            state.response.topics[topic].partitions[partition].errorCode = refusal.code
          }
        }
        state.outstanding = 0
      }
      waker.wake()
    }

    /// The answer, when there is one.
    var response: DeleteRecordsResponse? {
      state.withLock { $0.outstanding <= 0 ? $0.response : nil }
    }
  }

  let progress: Progress
  private let header: RequestHeader

  var holdsRequest: Bool { true }

  init(_ request: DeleteRecordsRequest, _ context: RequestContext, _ scheduler: Scheduler) {
    progress = Progress(request, context.waker, scheduler)
    header = context.header
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    guard let response = progress.response else { return false }
    reply.answer(response, to: header)
    return true
  }

  func cancel() {}
}
