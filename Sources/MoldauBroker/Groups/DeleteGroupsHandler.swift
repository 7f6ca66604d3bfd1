import MoldauProtocol
import Synchronization

extension Broker {
  /// Deletes groups without members, with their offsets; answers when that is durable.
  func deleteGroups(
    _ request: DeleteGroupsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    whenLoaded(
      request.groupIDs, context, into: &reply,
      refusal: { code in
        DeleteGroupsResponse(request.groupIDs, request.groupIDs.map { _ in code })
      },
      { [self] reply in
        let cell = AnswerCell<DeleteGroupsResponse>(context.waker)
        let results = GroupResults(count: request.groupIDs.count) { codes in
          cell.settle(DeleteGroupsResponse(request.groupIDs, codes))
        }
        for (index, id) in request.groupIDs.enumerated() {
          groups.delete(id) { code in results.settle(index, code) }
        }
        results.settleLast()
        return PendingAnswer.outcome(of: cell, context, into: &reply)
      })
  }
}

extension DeleteGroupsResponse {
  fileprivate init(_ ids: [String], _ codes: [ErrorCode]) {
    self.init()
    results = zip(ids, codes).map { id, code in
      var result = Result()
      result.groupID = id
      result.errorCode = code
      return result
    }
  }
}

/// Results that come one by one from any thread, and who is told when all are there.
private final class GroupResults: Sendable {
  private struct State: Sendable {
    var codes: [ErrorCode]
    /// One more than results that are to come, until `settleLast`.
    var outstanding: Int
  }

  private let state: Mutex<State>
  private let whenAll: @Sendable ([ErrorCode]) -> Void

  init(count: Int, whenAll: @escaping @Sendable ([ErrorCode]) -> Void) {
    state = Mutex(State(codes: Array(repeating: .none, count: count), outstanding: count + 1))
    self.whenAll = whenAll
  }

  func settle(_ index: Int, _ code: ErrorCode) {
    state.withLock { $0.codes[index] = code }
    settleLast()
  }

  func settleLast() {
    let codes: [ErrorCode]? = state.withLock { state in
      state.outstanding -= 1
      return state.outstanding == 0 ? state.codes : nil
    }
    if let codes { whenAll(codes) }
  }
}
