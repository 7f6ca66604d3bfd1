import MoldauCluster
import MoldauLog
import MoldauProtocol
import Synchronization

/// Asks another broker, one kind of request after the other: what takes long has a link of its own.
///
/// After a first answer that did not come the link is of no more use. Thread-safe.
final class PeerLink: Sendable {
  let endpoint: BrokerRegistration.Endpoint
  private let connection: any PeerConnection
  private let scheduler: Scheduler
  private let correlation = Atomic<Int32>(0)
  private let isBroken = Atomic<Bool>(false)

  init(to endpoint: BrokerRegistration.Endpoint, _ network: any PeerNetwork, _ scheduler: Scheduler)
  {
    self.endpoint = endpoint
    self.scheduler = scheduler
    connection = network.connection(to: endpoint)
  }

  /// Whether an answer has not come.
  var hasFailed: Bool { isBroken.load(ordering: .acquiring) }

  /// Asks.
  ///
  /// - Parameters:
  ///   - version: of the request; nil for the highest.
  ///   - milliseconds: how long the answer may take.
  ///   - completion: called once, from any thread; nil when the other side may or may not have done it.
  func ask<Request: ProtocolRequest>(
    _ request: Request, version: Int16? = nil, within milliseconds: Int64,
    _ completion: @escaping @Sendable (Request.Response?) -> Void
  ) {
    let version = version ?? Request.supported.versions.upperBound
    let header = RequestHeader(
      apiKey: Request.apiKey, version: version, correlationID: nextCorrelationID, clientID: nil)
    var writer = ProtocolWriter()
    header.encode(into: &writer)
    request.encode(into: &writer, version: version)
    // SAFETY: the array copies the writer's bytes.
    let bytes = unsafe writer.withUnsafeBytes { unsafe [UInt8]($0) }
    send(bytes, within: milliseconds) { [weak self] answer in
      guard let answer else { return completion(nil) }
      var reader = ProtocolReader(answer)
      var response: Request.Response?
      do throws(ProtocolError) {
        let answered = try ResponseHeader(
          decoding: &reader, for: Request.supported, version: version)
        if answered.correlationID == header.correlationID {
          response = try Request.Response(decoding: &reader, version: version)
        }
      } catch {
        response = nil
      }
      // What comes behind an answer that makes no sense is not to be trusted either.
      if response == nil { self?.close() }
      completion(response)
    }
  }

  /// Sends a request as it is; the answer comes with its header.
  func send(
    _ request: [UInt8], within milliseconds: Int64,
    _ completion: @escaping @Sendable (RawSpan?) -> Void
  ) {
    let waits = TakenOnce(true)
    let timer = scheduler.timer { [weak self] in
      guard waits.take() != nil else { return }
      self?.close()
      completion(nil)
    }
    scheduler.set(timer, at: scheduler.clock.nowMilliseconds() + milliseconds)
    connection.send(request) { [scheduler, weak self] answer in
      guard waits.take() != nil else { return }
      scheduler.cancel(timer)
      if answer == nil { self?.isBroken.store(true, ordering: .releasing) }
      completion(answer)
    }
  }

  func close() {
    isBroken.store(true, ordering: .releasing)
    connection.close()
  }

  private var nextCorrelationID: Int32 {
    correlation.wrappingAdd(1, ordering: .relaxed).newValue & .max
  }
}
