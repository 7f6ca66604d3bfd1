import Synchronization

/// Results that come one by one, in any order, until all are there.
final class Gathering<Element: Sendable>: Sendable {
  private struct State: Sendable {
    var results: [Element?]
    var missing: Int
  }

  private let state: Mutex<State>
  private let completion: @Sendable ([Element]) -> Void

  init(count: Int, _ completion: @escaping @Sendable ([Element]) -> Void) {
    state = Mutex(State(results: Array(repeating: nil, count: count), missing: count))
    self.completion = completion
  }

  func put(_ element: Element, at index: Int) {
    let all: [Element]? = state.withLock { state in
      state.results[index] = element
      state.missing -= 1
      return state.missing == 0 ? state.results.compactMap { $0 } : nil
    }
    if let all { completion(all) }
  }
}
