import MoldauBroker
import MoldauCluster
import NIOCore
import NIOPosix
import Synchronization

/// A connection to another broker, made with the first request and after each loss with the next.
///
/// Its state lives on its event loop. Requests go out in the order of the calls of `send`, whatever
/// threads these come from: one from the event loop does not pass an earlier one that is on its way
/// there, for a fetch session takes its requests by their number.
final class NIOPeerConnection: PeerConnection {
  private enum State {
    /// Not connected; the next request connects.
    case idle
    /// With the requests that wait for the connection.
    case connecting([PeerRequest])
    case connected(PeerHandler)
    case closed
  }

  private let endpoint: BrokerRegistration.Endpoint
  private let loop: any EventLoop
  private let settings: PeerSettings
  private let state: NIOLoopBoundBox<State>
  /// Requests on their way to the event loop.
  private let sent = Mutex<[PeerRequest]>([])

  init(_ endpoint: BrokerRegistration.Endpoint, on loop: any EventLoop, _ settings: PeerSettings) {
    self.endpoint = endpoint
    self.loop = loop
    self.settings = settings
    state = .makeBoxSendingValue(.idle, eventLoop: loop)
  }

  func send(_ request: [UInt8], _ completion: @escaping @Sendable (RawSpan?) -> Void) {
    let request = PeerRequest(bytes: request, completion: completion)
    sent.withLock { $0.append(request) }
    if loop.inEventLoop {
      takeSent()
    } else {
      loop.execute { self.takeSent() }
    }
  }

  func close() {
    if loop.inEventLoop { end() } else { loop.execute { self.end() } }
  }

  private func takeSent() {
    let requests = sent.withLock { sent in
      defer { sent = [] }
      return sent
    }
    for request in requests { take(request) }
  }

  private func take(_ request: PeerRequest) {
    switch state.value {
    case .idle:
      state.value = .connecting([request])
      connect()
    case .connecting(var waiting):
      state.value = .idle
      waiting.append(request)
      state.value = .connecting(waiting)
    case .connected(let handler): handler.send(request)
    case .closed: request.completion(nil)
    }
  }

  private func end() {
    let was = state.value
    state.value = .closed
    switch was {
    case .idle, .closed: break
    case .connecting(let waiting): for request in waiting { request.completion(nil) }
    case .connected(let handler): handler.close()
    }
  }

  private func connect() {
    let connecting = ClientBootstrap(group: loop)
      .connectTimeout(.milliseconds(settings.connectMilliseconds))
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelInitializer { [loop, settings] channel in
        channel.eventLoop.makeCompletedFuture {
          let memory = FrameMemory()
          let handler = PeerHandler(memory, settings) { [weak self] in self?.wasLost() }
          try channel.syncOptions?.setOption(
            .recvAllocator, value: FrameAllocator(memory, loop))
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      .connect(host: endpoint.host, port: Int(endpoint.port))
    connecting.hop(to: loop).assumeIsolated().whenComplete { result in
      switch result {
      case .success(let channel): self.connected(channel)
      case .failure: self.wasRefused()
      }
    }
  }

  private func connected(_ channel: any Channel) {
    guard case .connecting(let waiting) = state.value, channel.isActive else {
      channel.close(promise: nil)
      return wasRefused()
    }
    let handler: PeerHandler
    do {
      handler = try channel.pipeline.syncOperations.handler(type: PeerHandler.self)
    } catch {
      channel.close(promise: nil)
      return wasRefused()
    }
    state.value = .connected(handler)
    for request in waiting { handler.send(request) }
  }

  private func wasRefused() {
    guard case .connecting(let waiting) = state.value else { return }
    state.value = .idle
    for request in waiting { request.completion(nil) }
  }

  private func wasLost() {
    if case .connected = state.value { state.value = .idle }
  }
}

/// A request on its way.
struct PeerRequest: Sendable {
  /// With its header, without the size in front.
  let bytes: [UInt8]
  let completion: @Sendable (RawSpan?) -> Void
}
