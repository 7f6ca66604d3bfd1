import Synchronization

/// Results that come one by one, in any order and from any thread, until all are there.
final class Gathered<Element: Sendable>: Sendable {
  private struct State: Sendable {
    var results: [Element?]
    var missingCount: Int
  }

  private let state: Mutex<State>
  private let whenAll: @Sendable ([Element]) -> Void

  /// - Parameter count: how many there are; `whenAll` is called at once when there are none.
  init(count: Int, whenAll: @escaping @Sendable ([Element]) -> Void) {
    state = Mutex(State(results: Array(repeating: nil, count: count), missingCount: count))
    self.whenAll = whenAll
    if count == 0 { whenAll([]) }
  }

  /// Has each of what was asked begun, in its order, for which a result is put sometime; what is
  /// refused at once has that as its result.
  func begin<Asked>(
    _ asked: [Asked], _ body: (Int, Asked) throws(AdministrationRefusal) -> Void,
    refused: (Asked, AdministrationRefusal) -> Element
  ) {
    for (index, one) in asked.enumerated() {
      do throws(AdministrationRefusal) {
        try body(index, one)
      } catch {
        put(refused(one, error), at: index)
      }
    }
  }

  /// Puts a result where it belongs; each once.
  func put(_ element: Element, at index: Int) {
    let all: [Element]? = state.withLock { state in
      state.results[index] = element
      state.missingCount -= 1
      return state.missingCount == 0 ? state.results.compactMap { $0 } : nil
    }
    if let all { whenAll(all) }
  }
}
