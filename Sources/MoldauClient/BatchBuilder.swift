import MoldauCompression
package import MoldauFormat

/// Builds record batches to produce, compressed when a codec is set; keeps its memory.
package struct BatchBuilder: ~Copyable {
  private var encoder: RecordBatchEncoder
  private var compressed: [UInt8] = []
  package let codec: CompressionCodec
  /// nil: the codec's default.
  package let level: Int?

  package init(
    codec: CompressionCodec = .none, level: Int? = nil, initialCapacity: Int = 64 * 1024
  ) {
    self.codec = codec
    self.level = level
    encoder = RecordBatchEncoder(initialCapacity: initialCapacity)
  }

  /// The number of records appended since the last `reset`.
  package var recordCount: Int { encoder.recordCount }

  /// The size of the batch so far, before compression.
  package var byteCount: Int { encoder.byteCount }

  /// Appends a record; nil is a null key or value.
  package mutating func append(
    key: RawSpan?, value: RawSpan?, timestampMilliseconds: Int64, headers: [RecordHeader] = []
  ) {
    encoder.append(
      key: key, value: value, timestampMilliseconds: timestampMilliseconds, headers: headers)
  }

  /// Appends a record; nil is a null key or value.
  package mutating func append(
    key: Span<UInt8>? = nil, value: Span<UInt8>?, timestampMilliseconds: Int64,
    headers: [RecordHeader] = []
  ) {
    // SAFETY: bytes have no padding between them.
    unsafe encoder.append(
      key: key?.bytes, value: value?.bytes, timestampMilliseconds: timestampMilliseconds,
      headers: headers)
  }

  /// Compresses the records and writes the header; `bytes` then are the whole batch.
  ///
  /// - Parameters:
  ///   - producer: of an idempotent producer, its id and epoch.
  ///   - baseSequence: its number of the first record.
  /// - Throws: when the codec has no such level.
  /// - Precondition: there is a record, and the batch was not finished before.
  package mutating func finish(
    producer: ProducerIdentity? = nil, baseSequence: Int32 = -1
  ) throws(FormatError) {
    var fields = BatchFields(attributes: BatchAttributes(codec: codec))
    if let producer {
      fields.producerID = producer.id
      fields.producerEpoch = producer.epoch
      fields.baseSequence = baseSequence
    }
    if codec == .none {
      encoder.finish(fields)
    } else {
      try Self.finish(&encoder, fields, codec, level, through: &compressed)
    }
  }

  private static func finish(
    _ encoder: inout RecordBatchEncoder, _ fields: BatchFields, _ codec: CompressionCodec,
    _ level: Int?, through compressed: inout [UInt8]
  ) throws(FormatError) {
    compressed.removeAll(keepingCapacity: true)
    try Compression.compress(encoder.records, codec: codec, level: level, into: &compressed)
    // SAFETY: bytes have no padding between them.
    unsafe encoder.finish(fields, replacingRecordsWith: compressed.span.bytes)
  }

  /// The whole batch.
  ///
  /// - Precondition: it is finished.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get { encoder.bytes }
  }

  /// Forgets the records and keeps the memory.
  package mutating func reset() {
    encoder.reset()
  }
}
