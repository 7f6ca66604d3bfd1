import CoreMetrics
import NIOCore

/// Tells swift-metrics once a second what a server has counted.
///
/// Requests are counted where they are handled, without a lock; this asks for the sums and reports
/// what was added. Nothing runs when the process has no backend.
final class MetricsReporter: Sendable {
  private let parts: ServerParts
  private let factory: any MetricsFactory
  private let eventLoop: any EventLoop
  private let state: NIOLoopBoundBox<State>

  /// What was reported, and with what.
  private struct State {
    var reported = RequestStatistics()
    var requests: [Int16: Counter] = [:]
    var failures: [RequestStatistics.Failure: Counter] = [:]
    let received: Counter
    let sent: Counter
    let connections: Gauge
    let memory: Gauge
    var task: RepeatedTask?

    init(_ factory: any MetricsFactory) {
      received = Counter(label: "moldau.broker.received.bytes", factory: factory)
      sent = Counter(label: "moldau.broker.sent.bytes", factory: factory)
      connections = Gauge(label: "moldau.broker.connections", factory: factory)
      memory = Gauge(label: "moldau.broker.request.memory.bytes", factory: factory)
    }
  }

  /// nil when nobody would hear it.
  init?(_ parts: ServerParts, on eventLoop: any EventLoop) {
    factory = parts.services.configuration.metrics ?? MetricsSystem.factory
    if factory is NOOPMetricsHandler { return nil }
    self.parts = parts
    self.eventLoop = eventLoop
    state = .makeBoxSendingValue(State(factory), eventLoop: eventLoop)
  }

  func start() {
    eventLoop.execute { [self] in
      state.value.task = eventLoop.scheduleRepeatedAsyncTask(
        initialDelay: .seconds(Limits.reportSeconds), delay: .seconds(Limits.reportSeconds)
      ) { [self] _ in report() }
    }
  }

  /// Reports what there is and ends.
  func stop() async {
    let told = eventLoop.flatSubmit { [self] in
      state.value.task?.cancel()
      return report()
    }
    do {
      try await told.get()
    } catch {
      parts.services.logger.debug("the last counts were not reported: \(error)")
    }
  }

  private func report() -> EventLoopFuture<Void> {
    ServerSnapshot.take(of: parts, on: eventLoop).map { [self] in tell($0) }
  }

  private func tell(_ snapshot: ServerSnapshot) {
    let now = snapshot.requests
    let last = state.value.reported
    for (index, durations) in now.durations.enumerated() {
      guard let count = durations?.count else { continue }
      let added = count &- (last.durations[index]?.count ?? 0)
      if added > 0 { requests(of: Int16(index)).increment(by: added) }
    }
    for (failure, count) in now.failures {
      let added = count &- (last.failures[failure] ?? 0)
      if added > 0 { failures(failure).increment(by: added) }
    }
    state.value.received.increment(by: now.receivedBytes &- last.receivedBytes)
    state.value.sent.increment(by: now.sentBytes &- last.sentBytes)
    state.value.connections.record(snapshot.connections.open)
    state.value.memory.record(snapshot.requestMemoryBytes)
    state.value.reported = now
  }

  private func requests(of api: Int16) -> Counter {
    if let known = state.value.requests[api] { return known }
    let made = Counter(
      label: "moldau.broker.requests", dimensions: [("api", ServerMetricsPage.name(api))],
      factory: factory)
    state.value.requests[api] = made
    return made
  }

  private func failures(_ failure: RequestStatistics.Failure) -> Counter {
    if let known = state.value.failures[failure] { return known }
    let made = Counter(
      label: "moldau.broker.errors",
      dimensions: [
        ("api", ServerMetricsPage.name(failure.api)), ("code", failure.code.description),
      ], factory: factory)
    state.value.failures[failure] = made
    return made
  }
}
