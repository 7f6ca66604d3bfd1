import MoldauBroker
import NIOCore
import NIOHTTP1
import Synchronization

/// An answer to an operator.
struct AdminPage: Sendable {
  var status: HTTPResponseStatus
  var contentType = "text/plain; charset=utf-8"
  var text: String
}

/// What the admin address shows.
final class AdminPages: Sendable {
  /// How far the server's life has come.
  enum Phase: UInt8, AtomicRepresentable {
    case starting, serving, stopping
  }

  let parts: ServerParts
  let phase = Atomic<Phase>(.starting)
  /// Whether everything was read once: it stays so.
  private let hasRead = Atomic<Bool>(false)
  private let metrics: PrometheusMetrics?

  init(_ parts: ServerParts, _ metrics: PrometheusMetrics?) {
    self.parts = parts
    self.metrics = metrics
  }

  /// Makes the page that a request asks for, on `eventLoop`.
  func page(
    _ method: HTTPMethod, _ uri: String, on eventLoop: any EventLoop
  ) -> EventLoopFuture<AdminPage> {
    let path = uri.prefix { $0 != "?" }
    let known = ["/healthz", "/readyz", "/metrics"]
    guard known.contains(String(path)) else {
      let text = "there are \(known.joined(separator: ", "))\n"
      return eventLoop.makeSucceededFuture(AdminPage(status: .notFound, text: text))
    }
    guard method == .GET || method == .HEAD else {
      let text = "only GET and HEAD\n"
      return eventLoop.makeSucceededFuture(AdminPage(status: .methodNotAllowed, text: text))
    }
    switch path {
    case "/healthz": return eventLoop.makeSucceededFuture(health)
    case "/readyz": return eventLoop.makeSucceededFuture(readiness)
    default: return metricsPage(on: eventLoop)
    }
  }

  private var health: AdminPage {
    if parts.services.broker.store.isPoisoned {
      return AdminPage(
        status: .serviceUnavailable,
        text: "a sync has failed: nothing is taken until the broker was restarted\n")
    }
    return AdminPage(status: .ok, text: "ok\n")
  }

  private var readiness: AdminPage {
    switch phase.load(ordering: .acquiring) {
    case .starting: return AdminPage(status: .serviceUnavailable, text: "starting\n")
    case .stopping: return AdminPage(status: .serviceUnavailable, text: "stopping\n")
    case .serving: break
    }
    if parts.services.broker.isReady { hasRead.store(true, ordering: .relaxed) }
    guard hasRead.load(ordering: .relaxed) else {
      return AdminPage(status: .serviceUnavailable, text: "the groups' offsets are not all read\n")
    }
    return health
  }

  private func metricsPage(on eventLoop: any EventLoop) -> EventLoopFuture<AdminPage> {
    ServerSnapshot.take(of: parts, on: eventLoop).map { [parts, metrics] snapshot in
      var text = PrometheusText()
      let broker = parts.services.broker
      ServerMetricsPage.write(snapshot, of: broker.store, to: &text)
      ClusterMetricsPage.write(broker, to: &text)
      KafkaExporterPage.write(broker, to: &text)
      metrics?.write(to: &text)
      return AdminPage(
        status: .ok, contentType: PrometheusText.contentType, text: text.text)
    }
  }
}
