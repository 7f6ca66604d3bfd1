/// The image that brokers pull.
extension ControllerMachine {
  /// Whether brokers may see the image: not while the tree is read anew, or while settings have
  /// changed and partitions have not followed.
  private var isPresentable: Bool {
    guard let office, office.isActive else { return false }
    return office.hasPublished && !office.mustReload && !office.mustSettle
  }

  mutating func awaitImage(_ number: Int, _ waiter: ImageWaiters.Waiter) {
    guard office != nil else { return act(.call { waiter.completion(.notController) }) }
    waiters.add(waiter, as: number)
    if isPresentable { wakeWaiters() }
  }

  mutating func cancelImageWait(_ number: Int) { waiters.remove(number) }

  mutating func publish() {
    office?.hasPublished = true
    wakeWaiters()
  }

  private mutating func wakeWaiters() {
    guard let office else { return }
    for call in waiters.wake(office.tree.image, office.history) { act(.call(call)) }
  }
}
