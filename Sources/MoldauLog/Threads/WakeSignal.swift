internal import CMoldau
import Glibc

/// A counting semaphore between threads: `wake` is cheap when nobody sleeps.
@safe package final class WakeSignal: Sendable {
  private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

  package init() {
    // SAFETY: the memory lives until deinit, and so does the semaphore in it.
    unsafe semaphore = .allocate(capacity: 1)
    unsafe sem_init(semaphore, 0, 0)
  }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  /// Lets one `sleep`, this or the next, return.
  package func wake() {
    unsafe sem_post(semaphore)
  }

  /// Sleeps until woken.
  package func sleep() {
    while unsafe sem_wait(semaphore) != 0 && errno == EINTR {}
  }

  /// Sleeps until woken, at most until `milliseconds` have passed.
  package func sleep(milliseconds: Int64) {
    var deadline = timespec()
    // SAFETY: the call fills in `deadline`.
    unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
    let nanoseconds = Int64(deadline.tv_nsec) + (milliseconds % 1000) * 1_000_000
    deadline.tv_sec += Int(milliseconds / 1000 + nanoseconds / 1_000_000_000)
    deadline.tv_nsec = Int(nanoseconds % 1_000_000_000)
    while unsafe moldau_wait_semaphore(semaphore, &deadline) != 0 && errno == EINTR {}
  }
}
