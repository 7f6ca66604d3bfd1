import CoreMetrics
import MetricsTestKit
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker
@testable import MoldauServer

/// What `/metrics` and swift-metrics are told of what clients did.
struct MetricsTests {
  @Test("requests, errors, bytes and connections are counted")
  func counts() async throws {
    try await TestServer.run(.memory, TestServer.withAdmin) { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      _ = try client.call(ProduceRequest([0: try batch(["a", "b"])], to: topic), version: 9)
      _ = try client.call(ProduceRequest([7: try batch(["a"])], to: topic), version: 9)
      let page = try WebAnswer.get("/metrics", from: server.adminPort)
      #expect(page.status == 200)
      #expect(page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(page.sample("moldau_requests_total{api=\"Produce\"}") == 2)
      #expect(
        page.sample(
          "moldau_request_errors_total{api=\"Produce\",code=\"UNKNOWN_TOPIC_OR_PARTITION\"}") == 1)
      #expect(page.sample("moldau_request_duration_seconds_count{api=\"Produce\"}") == 2)
      #expect(
        page.sample("moldau_request_duration_seconds_bucket{api=\"Produce\",le=\"+Inf\"}") == 2)
      #expect(page.sample("moldau_connections") == 1)
      #expect(page.sample("moldau_connections_accepted_total") == 1)
      #expect(try #require(page.sample("moldau_received_bytes_total")) > 100)
      #expect(try #require(page.sample("moldau_sent_bytes_total")) > 100)
      #expect(page.sample("moldau_request_memory_bytes") == 0)
      #expect(page.sample("moldau_store_poisoned") == 0)
    }
  }

  @Test("dashboards of kafka_exporter find topics and offsets")
  func exporter() async throws {
    try await TestServer.run(.memory, TestServer.withAdmin) { server in
      let client = try server.raw()
      _ = try server.store.topicBlocking("log", .init(partitionCount: 2, retention: []))
      let request = ProduceRequest([1: try batch(["a", "b"])], to: NamedTopic(name: "log"))
      _ = try client.call(request, version: 9)
      let page = try WebAnswer.get("/metrics", from: server.adminPort)
      #expect(page.sample("kafka_brokers") == 1)
      #expect(page.sample("kafka_topic_partitions{topic=\"log\"}") == 2)
      let labels = "{partition=\"1\",topic=\"log\"}"
      for (name, value) in [
        ("current_offset", 2.0), ("oldest_offset", 0), ("in_sync_replica", 1), ("leader", 1),
        ("leader_is_preferred", 1), ("replicas", 1), ("under_replicated_partition", 0),
      ] {
        #expect(page.sample("kafka_topic_partition_\(name)\(labels)") == value, "\(name)")
      }
    }
  }

  @Test("dashboards find what a consumer of this process has committed")
  func groups() async throws {
    let store = try await LogStore.inMemory()
    let topic = try await store.topic("log", .init(partitionCount: 2, retention: []))
    for number in 0..<5 {
      try await topic.append(Record(value: "\(number)"), partition: number % 2)
    }
    let consumer = try await store.consumer(group: "readers", topic: "log")
    while try consumer.lag() > 0, let batch = try await consumer.nextBatch() {
      try await consumer.commit(batch)
    }
    try await topic.append(Record(value: "unread"), partition: 1)
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    TestServer.withAdmin(&configuration)
    let server = try await BrokerServer.start(store: store, configuration)
    await withCheckedContinuation { continuation in
      server.parts.services.broker.groups.whenLoaded(nil) { continuation.resume() }
    }
    let port = UInt16(server.adminAddress?.port ?? 0)
    let (page, ready) = try await TestServer.onOwnThread {
      (
        try WebAnswer.get("/metrics", from: port), try WebAnswer.get("/readyz", from: port)
      )
    }.get()
    #expect(ready.status == 200)
    let group = "consumergroup=\"readers\""
    #expect(page.sample("kafka_consumergroup_members{\(group)}") == 0)
    #expect(page.sample("moldau_groups{state=\"Empty\"}") == 1)
    #expect(page.sample("kafka_consumergroup_lag_sum{\(group),topic=\"log\"}") == 1)
    #expect(page.sample("kafka_consumergroup_current_offset_sum{\(group),topic=\"log\"}") == 5)
    let positions = (0..<2).compactMap {
      page.sample("kafka_consumergroup_lag{\(group),partition=\"\($0)\",topic=\"log\"}")
    }
    #expect(positions == [0, 1])
    await server.stop()
    try await store.close()
  }

  @Test("what clients make up, offsets and numbers of APIs, does no harm")
  func madeUp() async throws {
    try await TestServer.run(.memory, TestServer.withAdmin) { server in
      let client = try server.raw()
      _ = try server.store.topicBlocking("log", .init(partitionCount: 3, retention: []))
      for (partition, offset) in [Int64.max, .max, .min].enumerated() {
        let request = OffsetCommitRequest(offset, partition: Int32(partition))
        #expect(try client.commit(request) == ErrorCode.none)
      }
      for number: Int16 in [999, 1_000] {
        let other = try server.raw()
        let bytes: [UInt8] = [0, 0, 0, 10, UInt8(number >> 8), UInt8(number & 255)]
        try other.send(bytes + [0, 0, 0, 0, 0, 1, 255, 255])
        #expect(throws: (any Error).self) {
          try other.receive(answerTo: ApiVersionsRequest.self, version: 0)
        }
      }
      let page = try WebAnswer.get("/metrics", from: server.adminPort)
      let group = "consumergroup=\"group\""
      let sums = ["current_offset", "lag"].map {
        page.sample("kafka_consumergroup_\($0)_sum{\(group),topic=\"log\"}")
      }
      #expect(sums == [-1, Double(Int64.max)])
      let unknown = page.body.split(separator: "\n").filter { $0.contains("UNSUPPORTED_VERSION") }
      #expect(unknown.count == 1)
      #expect(unknown.first?.hasSuffix(" 2") == true)
    }
  }

  @Test("a fetch that waited counts when it is answered")
  func longPoll() async throws {
    try await TestServer.run(.memory, TestServer.withAdmin) { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      var fetch = FetchRequest([0: 0], of: topic)
      fetch.maxWaitMilliseconds = OrderTests.forEver
      try client.send(
        RawClient.frame(ApiVersionsRequest(), version: 0)
          + RawClient.frame(fetch, version: 12, correlationID: 2))
      _ = try client.receive(answerTo: ApiVersionsRequest.self, version: 0)
      let series = "moldau_requests_total{api=\"Fetch\"}"
      #expect(try WebAnswer.get("/metrics", from: server.adminPort).sample(series) == nil)
      _ = try server.store.existingTopic("log")?.appendBlocking(Record(value: "x"))
      _ = try client.receive(answerTo: FetchRequest.self, version: 12)
      #expect(try WebAnswer.get("/metrics", from: server.adminPort).sample(series) == 1)
    }
  }

  @Test("what the store tells swift-metrics is on the page")
  func storeMetrics() async throws {
    let metrics = PrometheusMetrics()
    let store = try await LogStore.inMemory(StoreConfiguration(metrics: metrics))
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    configuration.admin = .init(
      address: HostAndPort(host: "127.0.0.1", port: 0), metrics: metrics)
    let server = try await BrokerServer.start(store: store, configuration)
    let port = UInt16(server.adminAddress?.port ?? 0)
    let topic = try await store.topic("log")
    try await topic.append(Record(value: "x"))
    let page = try await TestServer.onOwnThread { try WebAnswer.get("/metrics", from: port) }.get()
    #expect(page.sample("moldau_log_commits_total{store=\"/store\"}") == 1)
    #expect(page.sample("moldau_log_commit_duration_seconds_count{store=\"/store\"}") == 1)
    await server.stop()
    try await store.close()
  }

  @Test("swift-metrics hears of requests, at the latest when the server stops")
  func reporter() async throws {
    let metrics = TestMetrics()
    try await TestServer.run(.memory, { $0.metrics = metrics }) { server in
      let client = try server.raw()
      for _ in 0..<3 { _ = try client.call(ApiVersionsRequest(), version: 3) }
    }
    let counter = try metrics.expectCounter("moldau.broker.requests", [("api", "ApiVersions")])
    #expect(counter.totalValue == 3)
    #expect(try metrics.expectCounter("moldau.broker.received.bytes").totalValue > 0)
  }

  // MARK: The text

  @Test(
    "what a label must not have is escaped",
    arguments: [
      ("plain", "plain"), ("a\\b", "a\\\\b"), ("a\"b", "a\\\"b"), ("a\nb", "a\\nb"), ("ü", "ü"),
    ])
  func escaping(value: String, escaped: String) {
    var text = PrometheusText()
    text.family("x", .gauge, "A\\B\nC \"D\"")
    text.sample("x", [("l", value)], 1)
    let help = "# HELP x A\\\\B\\nC \"D\"\n# TYPE x gauge\n"
    #expect(text.text == help + "x{l=\"\(escaped)\"} 1\n")
  }

  @Test(
    "numbers read as Prometheus reads them",
    arguments: [
      (0.0, "0"), (1, "1"), (-2, "-2"), (0.0001, "0.0001"), (2.5, "2.5"), (.infinity, "+Inf"),
      (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
  func numbers(value: Double, text: String) {
    #expect(PrometheusText.number(value) == text)
  }

  @Test("a histogram's buckets are cumulated and end with all")
  func histogram() {
    var histogram = DurationHistogram()
    for nanoseconds: Int64 in [1, 100_000, 100_001, 3_000_000_000, 90_000_000_000, -5] {
      histogram.record(nanoseconds: nanoseconds)
    }
    var text = PrometheusText()
    text.histogram("d", [], histogram)
    #expect(text.text.contains("d_bucket{le=\"0.0001\"} 3\nd_bucket{le=\"0.00025\"} 4\n"))
    #expect(text.text.contains("d_bucket{le=\"10\"} 5\nd_bucket{le=\"+Inf\"} 6\n"))
    #expect(text.text.hasSuffix("d_count 6\n"))
  }

  @Test(
    "names of swift-metrics become names of Prometheus",
    arguments: [
      ("moldau.log.commits", "moldau_log_commits"), ("9lives", "_9lives"), ("größe", "gr__e"),
      ("", "_"), ("a-b/c", "a_b_c"),
    ])
  func names(label: String, name: String) {
    #expect(PrometheusText.name(label) == name)
  }

  @Test("instruments of one name and dimensions are one; destroyed ones are gone")
  func instruments() {
    let metrics = PrometheusMetrics()
    let first = Counter(label: "c", dimensions: [("k", "v")], factory: metrics)
    let second = Counter(label: "c", dimensions: [("k", "v")], factory: metrics)
    let other = Counter(label: "c", dimensions: [("k", "w")], factory: metrics)
    let gauge = Gauge(label: "g", factory: metrics)
    let timer = CoreMetrics.Timer(label: "t", factory: metrics)
    first.increment(by: 2)
    second.increment()
    other.increment()
    gauge.record(1.5)
    timer.recordNanoseconds(1_000)
    var text = PrometheusText()
    metrics.write(to: &text)
    #expect(text.text.contains("c_total{k=\"v\"} 3\n"))
    #expect(text.text.contains("c_total{k=\"w\"} 1\n"))
    #expect(text.text.contains("# TYPE g gauge\ng 1.5\n"))
    #expect(text.text.contains("t_seconds_count 1\n"))
    other.destroy()
    text = PrometheusText()
    metrics.write(to: &text)
    #expect(!text.text.contains("k=\"w\""))
  }
}
