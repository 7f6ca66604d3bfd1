public import MoldauFormat

/// A record to be appended.
///
///     Record(key: "o-42", value: bytes, headers: [("traceparent", id)])
public struct Record: Hashable, Sendable {
  /// What the record is about: records of one key go to one partition and keep their order.
  public var key: [UInt8]?
  /// `nil`, a tombstone, marks the key as deleted in a compacted topic.
  public var value: [UInt8]?
  /// Names and values beside the record's own; names may repeat.
  public var headers: [RecordHeader]
  /// Milliseconds since 1970-01-01 00:00 UTC; `nil` takes the time of the append.
  @inlinable
  public var timestampMilliseconds: Int64? {
    get { storedTimestamp == .min ? nil : storedTimestamp }
    set { storedTimestamp = newValue ?? .min }
  }
  /// Int64.min stands for nil: a record of four words is passed in registers, while one of five
  /// would be copied by calls through its type's metadata, 30 ns each time.
  @usableFromInline var storedTimestamp: Int64

  /// A record of bytes.
  @inlinable
  public init(
    key: [UInt8]? = nil, value: [UInt8]?, headers: [RecordHeader] = [],
    timestampMilliseconds: Int64? = nil
  ) {
    self.key = key
    self.value = value
    self.headers = headers
    storedTimestamp = timestampMilliseconds ?? .min
  }

  /// A record whose key, value and headers' values are text or bytes.
  @inlinable
  public init(
    key: some RecordBytes, value: some RecordBytes,
    headers: [(name: String, value: any RecordBytes)] = [], timestampMilliseconds: Int64? = nil
  ) {
    self.init(
      key: key.recordBytes, value: value.recordBytes, headers: Self.makeHeaders(headers),
      timestampMilliseconds: timestampMilliseconds)
  }

  /// A record without a key.
  @inlinable
  public init(
    value: some RecordBytes, headers: [(name: String, value: any RecordBytes)] = [],
    timestampMilliseconds: Int64? = nil
  ) {
    self.init(
      key: nil, value: value.recordBytes, headers: Self.makeHeaders(headers),
      timestampMilliseconds: timestampMilliseconds)
  }

  /// A record that marks its key as deleted in a compacted topic.
  @inlinable
  public static func tombstone(
    key: some RecordBytes, timestampMilliseconds: Int64? = nil
  ) -> Record {
    Record(key: key.recordBytes, value: nil, timestampMilliseconds: timestampMilliseconds)
  }

  @usableFromInline
  static func makeHeaders(_ headers: [(name: String, value: any RecordBytes)]) -> [RecordHeader] {
    headers.map { RecordHeader(name: $0.name, value: $0.value.recordBytes) }
  }

  /// What a batch of this record alone takes at most, in bytes.
  var maxBatchByteCount: Int {
    RecordBatch.singleRecordBatchMaxByteCount(
      keyByteCount: key?.count ?? 0, valueByteCount: value?.count ?? 0, headers: headers)
  }
}
