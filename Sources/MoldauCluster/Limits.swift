/// The bounds of the controller.
enum Limits {
  /// Operations of one write to the coordination service.
  static let operationsPerWrite = 500
  /// Bytes of one write: ZooKeeper takes a mebibyte.
  static let bytesPerWrite = 512 << 10
  /// Reads that are under way at once while the controller takes up office.
  static let readsAtOnce = 1_000
  /// Partitions of a topic whose nodes are made or deleted together with the topic's own; what is
  /// above comes after it.
  static let partitionsPerWrite = 100
  /// Partitions of a topic: their replicas are one node's data.
  static let partitionsPerTopic = 10_000
  /// Versions of the image from which a broker gets what has changed since; before them it gets
  /// all.
  static let keptDeltas = 256
  /// Partitions in all the deltas that are kept.
  static let partitionsInDeltas = 50_000
}
