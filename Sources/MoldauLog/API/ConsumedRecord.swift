public import MoldauFormat

/// A record that was read, with bytes of its own.
public struct ConsumedRecord: Hashable, Sendable {
  /// The partition that the record was read from.
  public var partition: Int
  /// The record's position in its partition.
  public var offset: Offset
  /// Milliseconds since 1970-01-01 00:00 UTC, given by the producer, or by the log where the topic's
  /// `timestampType` says so.
  public var timestampMilliseconds: Int64
  /// What the record is about; nil for a record without a key.
  public var key: [UInt8]?
  /// `nil` is a tombstone: the key was deleted.
  public var value: [UInt8]?
  /// In the order in which they were written; names may repeat.
  public var headers: [RecordHeader]

  /// Copies a record out of its batch.
  init(_ view: borrowing RecordView, partition: Int) {
    self.partition = partition
    offset = view.offset
    timestampMilliseconds = view.timestampMilliseconds
    key = Self.copy(view.key)
    value = Self.copy(view.value)
    headers = view.headerCount == 0 ? [] : view.headers
  }

  private static func copy(_ bytes: RawSpan?) -> [UInt8]? {
    // SAFETY: the array copies the bytes while they are borrowed.
    unsafe bytes?.withUnsafeBytes { unsafe [UInt8]($0) }
  }

  /// The key as text; bytes that are not UTF-8 are replaced.
  public var keyText: String? { key.map { String(decoding: $0, as: UTF8.self) } }

  /// The value as text; bytes that are not UTF-8 are replaced.
  public var valueText: String? { value.map { String(decoding: $0, as: UTF8.self) } }

  /// The value of the last header of this name.
  public func header(_ name: String) -> [UInt8]? {
    headers.last { $0.name == name }?.value
  }
}
