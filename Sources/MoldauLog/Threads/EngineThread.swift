import CMoldau
import Glibc

/// A thread of the engine's own, for work that blocks.
///
/// Swift's cooperative pool has a thread per core and must not wait for a disk.
package final class EngineThread: Sendable {
  private final class Body: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  private let handle: pthread_t

  /// Starts a thread that runs `body` once. The name shows in `top -H`, cut to 15 bytes.
  package init(name: String, _ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(Body(name: name, run: body)).toOpaque()
    // SAFETY: the started thread takes over the reference that `context` stands for, once.
    let result = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
        unsafe moldau_name_thread(body.name)
        body.run()
        return nil
      }, context)
    precondition(result == 0, "pthread_create failed: \(result)")
    handle = thread
  }

  /// Starts a thread that nobody waits for.
  package static func detached(name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = EngineThread(name: name, body)
    pthread_detach(thread.handle)
  }

  /// Waits until the body has returned. Call it exactly once.
  package func join() {
    pthread_join(handle, nil)
  }
}
