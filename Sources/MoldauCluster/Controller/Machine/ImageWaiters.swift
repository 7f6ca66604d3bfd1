/// Brokers that wait for a newer image than they have.
struct ImageWaiters: Sendable {
  struct Waiter: Sendable {
    var position: ImagePosition?
    var completion: @Sendable (ImageUpdate) -> Void
  }

  private var waiters: [Int: Waiter] = [:]

  mutating func add(_ waiter: Waiter, as number: Int) { waiters[number] = waiter }

  mutating func remove(_ number: Int) { waiters[number] = nil }

  /// What is to be called, as this broker is not the controller.
  mutating func endAll() -> [@Sendable () -> Void] {
    let ended = waiters.sorted { $0.key < $1.key }.map(\.value)
    waiters = [:]
    return ended.map { waiter in { waiter.completion(.notController) } }
  }

  /// What is to be called, as there is a new image. Brokers at the same position share the work.
  mutating func wake(
    _ image: ClusterImage, _ history: ImageHistory
  ) -> [@Sendable () -> Void] {
    var updates: [ImagePosition?: ImageUpdate] = [:]
    var calls: [@Sendable () -> Void] = []
    for (number, waiter) in waiters.sorted(by: { $0.key < $1.key }) {
      let known = updates[waiter.position]
      guard let update = known ?? history.update(after: waiter.position, to: image) else {
        continue
      }
      updates[waiter.position] = update
      waiters[number] = nil
      calls.append { waiter.completion(update) }
    }
    return calls
  }
}
