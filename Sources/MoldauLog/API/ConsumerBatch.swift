public import MoldauFormat

/// Records of one partition that a consumer was handed together.
public struct ConsumerBatch: Sendable {
  /// The partition that the records were read from.
  public let partition: Int
  /// In the order of their offsets; never empty.
  public let records: [ConsumedRecord]
  /// Where the group goes on once it has committed the batch.
  public let nextOffset: Offset
}
