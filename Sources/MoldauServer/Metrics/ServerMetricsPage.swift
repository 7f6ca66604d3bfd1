import MoldauLog
import MoldauProtocol

/// The families of `/metrics` under our own names: docs/observability.md.
enum ServerMetricsPage {
  static func write(_ snapshot: ServerSnapshot, of store: LogStore, to text: inout PrometheusText) {
    writeRequests(snapshot.requests, to: &text)
    let connections = snapshot.connections
    text.single("moldau_connections", .gauge, "Connections of clients.", connections.open)
    text.single(
      "moldau_connections_accepted_total", .counter, "Connections that were taken.",
      connections.accepted)
    text.single(
      "moldau_connections_refused_total", .counter,
      "Connections that were closed at once, since there were too many.", connections.refused)
    text.single(
      "moldau_connections_idle_closed_total", .counter,
      "Connections that were closed since nothing had moved on them for too long.",
      snapshot.requests.idleClosedCount)
    text.single(
      "moldau_received_bytes_total", .counter, "Bytes from clients.",
      snapshot.requests.receivedBytes)
    text.single(
      "moldau_sent_bytes_total", .counter, "Bytes to clients.", snapshot.requests.sentBytes)
    text.single(
      "moldau_request_memory_bytes", .gauge, "Memory that large requests take as they arrive.",
      snapshot.requestMemoryBytes)
    text.single(
      "moldau_request_memory_limit_bytes", .gauge, "Memory that large requests may take.",
      snapshot.requestMemoryLimitBytes)
    text.single(
      "moldau_fetch_sessions", .gauge, "Fetch sessions that are remembered.",
      snapshot.fetchSessionCount)
    writeStore(store, to: &text)
  }

  private static func writeRequests(_ requests: RequestStatistics, to text: inout PrometheusText) {
    let seconds = "moldau_request_duration_seconds"
    text.family(
      seconds, .histogram,
      "From a request's last byte to its answer, the waits that the client asked for included.")
    for (api, durations) in requests.durations.enumerated() {
      guard let durations else { continue }
      text.histogram(seconds, [("api", name(Int16(api)))], durations)
    }
    text.family("moldau_requests_total", .counter, "Requests that have their answer.")
    for (api, durations) in requests.durations.enumerated() {
      guard let durations else { continue }
      text.sample("moldau_requests_total", [("api", name(Int16(api)))], durations.count)
    }
    text.family(
      "moldau_request_errors_total", .counter,
      "Answers that say an error, by the first one, and requests that had no answer for one.")
    let failures = requests.failures.sorted {
      ($0.key.api, $0.key.code.rawValue) < ($1.key.api, $1.key.code.rawValue)
    }
    for (failure, count) in failures {
      text.sample(
        "moldau_request_errors_total",
        [("api", name(failure.api)), ("code", failure.code.description)], count)
    }
  }

  private static func writeStore(_ store: LogStore, to text: inout PrometheusText) {
    let topics = store.topics
    text.single("moldau_topics", .gauge, "Topics of the store.", topics.count)
    text.single(
      "moldau_partitions", .gauge, "Partitions of the store.",
      topics.reduce(0) { $0 + $1.partitionCount })
    text.family("moldau_topic_bytes", .gauge, "Bytes of a topic's segments.")
    for topic in topics {
      let byteCount = topic.partitions.reduce(0) { $0 + $1.byteCount }
      text.sample("moldau_topic_bytes", [("topic", topic.name)], byteCount)
    }
    text.single(
      "moldau_store_poisoned", .gauge,
      "1 after a failed sync: no append is taken until the directory was opened again.",
      store.isPoisoned ? 1 : 0)
  }

  /// The name of an API as Kafka's documentation has it, or its number.
  static func name(_ api: Int16) -> String {
    guard let key = ApiKey(rawValue: api) else { return "\(api)" }
    let name = "\(key)"
    return name.prefix(1).uppercased() + name.dropFirst()
  }
}
