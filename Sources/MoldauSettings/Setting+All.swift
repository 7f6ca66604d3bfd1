import Logging
import MoldauLog

extension Setting {
  /// All of them, in the order in which they are shown.
  package static let all: [Setting] = basics + cluster + topics + groups + connections + storage

  private static let basics: [Setting] = [
    Setting(
      "data", .directory, default: nil, kafka: ["log.dirs", "log.dir", "data-dir"],
      "The directory that holds the topics; it is made when it is missing."
    ) { if case .text(let path) = $1 { $0.data = path } },
    Setting(
      "kafka", .addresses(isOptional: false), default: "127.0.0.1:9092",
      kafka: ["listeners", "listener", "listen", "host.name", "port", "host", "bootstrap.servers"],
      "Where to listen for Kafka clients: HOST:PORT or [IPv6]:PORT, once for each listener; port 0"
        + " takes a free one."
    ) {
      if case .addresses(let addresses) = $1 { $0.listenAddresses = addresses.compactMap { $0 } }
    },
    Setting(
      "advertise", .addresses(isOptional: true), default: nil,
      kafka: ["advertised.listeners", "advertised.host.name", "advertised.port", "advertised"],
      "What clients of each listener are told to connect to, in the listeners' order; auto, or"
        + " none, is the address that they used."
    ) { if case .addresses(let addresses) = $1 { $0.advertisedAddresses = addresses } },
    Setting(
      "admin", .address, default: nil, kafka: ["metrics", "http", "health", "jmx.port"],
      "Where GET /healthz, /readyz and /metrics are answered; nowhere when it is left out."
    ) { if case .address(let address) = $1 { $0.adminAddress = address } },
    Setting(
      "flush", .choice(["group-commit", "buffered", "every-append"]), default: "group-commit",
      kafka: [
        "log.flush.interval.messages", "log.flush.interval.ms", "flush.messages", "flush.ms",
        "fsync", "durability",
      ],
      "What acks=all waits for where a topic does not say otherwise: the device, together"
        + " with others (group-commit) or alone (every-append), or the system's memory (buffered)."
    ) { settings, value in
      switch value {
      case .text("buffered"): settings.store.durability = .buffered
      case .text("every-append"): settings.store.durability = .everyAppend
      default: settings.store.durability = .groupCommit()
      }
    },
    Setting(
      "node-id", .integer(0...Int(Int32.max)), default: nil, kafka: ["node.id", "broker.id"],
      "The broker's number; left out, it is the directory's, or 1 in a new one."
    ) { if case .integer(let number) = $1 { $0.server.broker.nodeID = Int32(number) } },
    Setting(
      "dev", .boolean, default: "false", kafka: ["development"],
      "For a developer's machine: a topic that asks for more replicas than there are brokers gets"
        + " one, and some defaults are others; what is set stays."
    ) { if case .boolean(let isOn) = $1 { $0.server.broker.isDevelopment = isOn } },
    Setting(
      "log-level", .choice(Logger.Level.allCases.map(\.rawValue)), default: "warning",
      kafka: ["loglevel", "log.level"], "What is logged to the standard error."
    ) { settings, value in
      if case .text(let text) = value, let level = Logger.Level(rawValue: text) {
        settings.logLevel = level
      }
    },
  ]

  private static let topics: [Setting] = [
    Setting(
      "auto-create", .boolean, default: "true", dev: "true", kafka: ["auto.create.topics.enable"],
      "Whether a topic comes into being when a client asks for it."
    ) { if case .boolean(let isOn) = $1 { $0.server.broker.createsTopics = isOn } },
    Setting(
      "delete-topics", .boolean, default: "true", kafka: ["delete.topic.enable"],
      "Whether clients may delete topics."
    ) { if case .boolean(let isOn) = $1 { $0.server.broker.deletesTopics = isOn } },
    Setting(
      "partitions", .integer(1...10_000), default: "1", kafka: ["num.partitions"],
      "The partitions of a topic that comes into being so."
    ) { if case .integer(let count) = $1 { $0.server.broker.newTopics.partitionCount = count } },
    Setting(
      "retention", .duration(.milliseconds(1)...years, off: "off"), default: "7d",
      kafka: [
        "log.retention.hours", "log.retention.minutes", "log.retention.ms", "retention.ms",
      ], "How long such a topic keeps its records; off keeps them for good."
    ) { if case .duration(let age) = $1 { $0.retentionAge = age } },
    Setting(
      "retention-size", .size(1...(1 << 50)), default: nil,
      kafka: ["log.retention.bytes", "retention.bytes", "retention-bytes"],
      "How many bytes of a partition such a topic keeps, at least; left out, all."
    ) { if case .size(let size) = $1 { $0.retentionBytes = size } },
    Setting(
      "segment-size", .size((1 << 10)...(2 << 30) - 1), default: "1GiB",
      kafka: ["log.segment.bytes", "segment.bytes", "segment-bytes"],
      "A segment of such a topic is ended before it grows past this."
    ) { if case .size(let size) = $1 { $0.server.broker.newTopics.segmentBytes = size } },
    Setting(
      "compression", .choice(TopicConfiguration.Compression.allCases.map(\.rawValue)),
      default: "producer", kafka: ["compression.type"],
      "How batches of such a topic are compressed; producer leaves them as they come."
    ) { settings, value in
      if case .text(let text) = value, let codec = TopicConfiguration.Compression(rawValue: text) {
        settings.server.broker.newTopics.compression = codec
      }
    },
    Setting(
      "max-batch-size", .size((1 << 10)...(100 << 20)), default: "1048588",
      kafka: ["message.max.bytes", "max.message.bytes", "max-message-bytes"],
      "The largest batch that such a topic takes."
    ) { if case .size(let size) = $1 { $0.server.broker.newTopics.maxBatchBytes = size } },
  ]

  private static let groups: [Setting] = [
    Setting(
      "rebalance-delay", .duration(.zero...hour, off: nil), default: "3s", dev: "0",
      kafka: ["group.initial.rebalance.delay.ms"],
      "How long the first rebalance of an empty group waits for more members."
    ) {
      if case .duration(let delay?) = $1 { $0.server.broker.groups.initialRebalanceDelay = delay }
    },
    Setting(
      "min-session-timeout", .duration(.milliseconds(1)...day, off: nil), default: "6s",
      kafka: ["group.min.session.timeout.ms"],
      "The shortest session timeout that a member may ask for."
    ) { if case .duration(let limit?) = $1 { $0.server.broker.groups.minSessionTimeout = limit } },
    Setting(
      "max-session-timeout", .duration(.milliseconds(1)...day, off: nil), default: "30m",
      kafka: ["group.max.session.timeout.ms"],
      "The longest session timeout that a member may ask for."
    ) { if case .duration(let limit?) = $1 { $0.server.broker.groups.maxSessionTimeout = limit } },
    Setting(
      "max-group-size", .integer(1...Int(Int32.max)), default: "2147483647",
      kafka: ["group.max.size"], "The most members of one group."
    ) { if case .integer(let count) = $1 { $0.server.broker.groups.maxSize = count } },
    Setting(
      "consumer-session-timeout", .duration(.milliseconds(1)...day, off: nil), default: "45s",
      kafka: ["group.consumer.session.timeout.ms"],
      "A member of a group of the newer protocol (KIP-848) that is not heard of for this long is"
        + " dead."
    ) {
      if case .duration(let limit?) = $1 { $0.server.broker.groups.consumerSessionTimeout = limit }
    },
    Setting(
      "consumer-heartbeat-interval", .duration(.milliseconds(1)...day, off: nil), default: "5s",
      kafka: ["group.consumer.heartbeat.interval.ms"],
      "How often members of such groups are to be heard of."
    ) {
      if case .duration(let pause?) = $1 {
        $0.server.broker.groups.consumerHeartbeatInterval = pause
      }
    },
    Setting(
      "offset-retention", .duration(.seconds(1)...years, off: nil), default: "7d",
      kafka: ["offsets.retention.minutes"],
      "How long the offsets of a group stay that nobody uses any more."
    ) { if case .duration(let age?) = $1 { $0.server.broker.groups.offsetRetention = age } },
    Setting(
      "offset-check-interval", .duration(.milliseconds(1)...day, off: nil), default: "10m",
      kafka: ["offsets.retention.check.interval.ms"],
      "How often it is looked for offsets to let go."
    ) {
      if case .duration(let pause?) = $1 { $0.server.broker.groups.offsetCheckInterval = pause }
    },
    Setting(
      "max-offset-note", .size(0...(1 << 20)), default: "4KiB",
      kafka: ["offset.metadata.max.bytes"],
      "The longest note that a client may keep with an offset."
    ) { if case .size(let size) = $1 { $0.server.broker.groups.maxOffsetMetadataBytes = size } },
    Setting(
      "offset-partitions", .integer(1...10_000), default: "50",
      kafka: ["offsets.topic.num.partitions"],
      "The partitions of the topic that keeps the groups, when a cluster makes it; the same on all"
        + " brokers."
    ) {
      if case .integer(let count) = $1 { $0.server.broker.groups.offsetsPartitionCount = count }
    },
    Setting(
      "offset-replicas", .integer(1...1_000), default: "3",
      kafka: ["offsets.topic.replication.factor"],
      "The replicas of that topic, fewer when there are fewer brokers; the same on all brokers."
    ) {
      if case .integer(let count) = $1 {
        $0.server.broker.groups.offsetsReplicationFactor = count
      }
    },
  ]

  private static let connections: [Setting] = [
    Setting(
      "event-loops", .integer(0...1_024), default: "0",
      kafka: ["num.network.threads", "num.io.threads"],
      "The threads that serve connections; 0 takes one per processor."
    ) { if case .integer(let count) = $1 { $0.server.eventLoopCount = count } },
    Setting(
      "max-connections", .integer(1...1_000_000), default: "10000", kafka: ["max.connections"],
      "Connections at once; more are closed as they come."
    ) { if case .integer(let count) = $1 { $0.server.maxConnections = count } },
    Setting(
      "idle-timeout", .duration(.seconds(1)...years, off: "off"), default: "10m",
      kafka: ["connections.max.idle.ms"],
      "A connection on which nothing has moved for this long is closed; off keeps it."
    ) { if case .duration(let timeout) = $1 { $0.server.idleTimeout = timeout } },
    Setting(
      "max-request-size", .size((64 << 10)...(1 << 30)), default: "100MiB",
      kafka: ["socket.request.max.bytes"],
      "The largest request; a connection that announces a larger one is closed."
    ) { if case .size(let size) = $1 { $0.server.maxRequestBytes = size } },
    Setting(
      "request-memory", .size((1 << 20)...(1 << 40)), default: "512MiB",
      kafka: ["queued.max.request.bytes", "queued.max.requests"],
      "The memory that large requests may take together until they are handled."
    ) { if case .size(let size) = $1 { $0.server.requestMemoryBytes = size } },
    Setting(
      "stop-timeout", .duration(.zero...(.seconds(3_600)), off: nil), default: "3s",
      kafka: ["controlled.shutdown.enable"],
      "How long a stop waits for answers to go out before it closes connections."
    ) { if case .duration(let timeout?) = $1 { $0.server.stopTimeout = timeout } },
  ]

  private static let storage: [Setting] = [
    Setting(
      "max-open-files", .integer(16...1_000_000), default: "1024",
      "The most segments whose files are held open at once."
    ) { if case .integer(let count) = $1 { $0.store.maxOpenFiles = count } },
    Setting(
      "max-pending", .size((64 << 10)...(1 << 40)), default: "64MiB",
      "Producers wait while more bytes than this wait for the device."
    ) { if case .size(let size) = $1 { $0.store.maxPendingBytes = size } },
    Setting(
      "journal-size", .size((1 << 20)...(1 << 40)), default: "32MiB",
      "The size at which the commit journal changes over to its other file."
    ) { if case .size(let size) = $1 { $0.store.journalBytes = size } },
    Setting(
      "checkpoint-interval", .duration(.seconds(1)...(.seconds(86_400)), off: nil), default: "1m",
      kafka: ["log.flush.offset.checkpoint.interval.ms"],
      "How often, at the most, files of buffered topics are synced; it bounds what recovery reads."
    ) { if case .duration(let interval?) = $1 { $0.store.checkpointInterval = interval } },
    Setting(
      "producer-expiration", .duration(.seconds(1)...years, off: nil), default: "1d",
      kafka: ["producer.id.expiration.ms", "transactional.id.expiration.ms"],
      "How long an idempotent producer is remembered that writes no more."
    ) { if case .duration(let age?) = $1 { $0.store.producerExpiration = age } },
    Setting(
      "recovery-threads", .integer(0...1_024), default: "0",
      kafka: ["num.recovery.threads.per.data.dir"],
      "How many threads recover partitions at the start; 0 takes one per processor."
    ) { if case .integer(let count) = $1 { $0.store.recoveryThreadCount = count } },
    Setting(
      "compaction-rate", .size((64 << 10)...(1 << 40)), default: nil,
      kafka: ["log.cleaner.io.max.bytes.per.second"],
      "How many bytes a second compaction reads at the most; left out, as many as it can."
    ) { if case .size(let rate) = $1 { $0.store.compactionBytesPerSecond = rate } },
    Setting(
      "compaction-memory", .size((64 << 10)...(1 << 40)), default: "32MiB",
      kafka: ["log.cleaner.dedupe.buffer.size"],
      "The most memory that compaction takes for the keys of what it looks through, 32 bytes a key."
    ) { if case .size(let size) = $1 { $0.store.compactionMemoryBytes = size } },
  ]

  private static var hour: Duration { .seconds(3_600) }
  private static var day: Duration { .seconds(86_400) }
  private static var years: Duration { .seconds(100 * 365 * 86_400) }
}
