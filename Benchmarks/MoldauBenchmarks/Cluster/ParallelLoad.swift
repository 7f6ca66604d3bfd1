import Foundation
import MoldauClient
import Synchronization

/// Prebuilt requests over several connections at once, each on a thread of its own.
struct ParallelLoad: Sendable {
  struct Part: Sendable {
    var endpoint: Endpoint
    var frames: RequestFrames
  }

  let parts: [Part]

  /// Sends `requestCount` requests over each connection, at most `inFlight` of them unanswered.
  func run(requestCount: Int, inFlight: Int) throws {
    let failures = LoadFailures()
    let group = DispatchGroup()
    for part in parts {
      group.enter()
      Thread.detachNewThread {
        do throws(BaselineError) {
          let connection = try BaselineConnection(
            host: part.endpoint.host, port: part.endpoint.port)
          _ = try connection.exchange(
            part.frames, requestCount: requestCount, inFlight: inFlight)
        } catch {
          failures.add(error)
        }
        group.leave()
      }
    }
    group.wait()
    if let failure = failures.first { throw failure }
  }
}

private final class LoadFailures: Sendable {
  private let failures = Mutex<[BaselineError]>([])

  var first: BaselineError? { failures.withLock { $0.first } }

  func add(_ failure: BaselineError) {
    failures.withLock { $0.append(failure) }
  }
}
