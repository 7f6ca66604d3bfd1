/// A marker that the broker writes among a partition's records.
///
/// Format: docs/format/record-batch.md.
package struct ControlRecord: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// The producer's transaction was aborted.
    case abort
    /// The producer's transaction was committed.
    case commit
    /// A marker that concerns no transaction, of this type.
    case other(Int16)
  }

  package static let keyVersion: Int16 = 0
  package static let valueVersion: Int16 = 0

  package var kind: Kind
  /// The epoch of the transaction coordinator that wrote the marker; −1 when `kind` is other.
  package var coordinatorEpoch: Int32

  package init(kind: Kind, coordinatorEpoch: Int32) {
    self.kind = kind
    self.coordinatorEpoch = coordinatorEpoch
  }

  /// Reads the key and value of a record in a control batch.
  package init(parsingKey key: RawSpan?, value: RawSpan?) throws(FormatError) {
    guard let key else { throw .invalid(field: "control record key", reason: "it is null") }
    var keyReader = ByteReader(key)
    let keyVersion = try keyReader.integer(Int16.self)
    guard keyVersion >= 0 else {
      throw .unsupportedVersion(field: "control record key", version: Int(keyVersion))
    }
    kind = Kind(code: try keyReader.integer(Int16.self))
    coordinatorEpoch = -1
    if case .other = kind { return }
    guard let value else { throw .invalid(field: "end of transaction", reason: "it is null") }
    var valueReader = ByteReader(value)
    let valueVersion = try valueReader.integer(Int16.self)
    guard valueVersion >= 0 else {
      throw .unsupportedVersion(field: "end of transaction", version: Int(valueVersion))
    }
    coordinatorEpoch = try valueReader.integer(Int32.self)
  }

  package func encodeKey() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.keyVersion)
    bytes.appendBigEndian(kind.code)
    return bytes
  }

  /// The value of a marker that ends a transaction.
  ///
  /// - Precondition: `kind` is abort or commit.
  package func encodeValue() -> [UInt8] {
    if case .other = kind { preconditionFailure("only ends of transactions are written") }
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.valueVersion)
    bytes.appendBigEndian(coordinatorEpoch)
    return bytes
  }

  /// Returns a whole batch that holds the marker alone.
  ///
  /// `fields` gives offset, leader epoch and producer; the attributes are set here.
  package func encodeBatch(timestampMilliseconds: Int64, fields: BatchFields) -> [UInt8] {
    let key = encodeKey()
    let value = encodeValue()
    var encoder = RecordBatchEncoder(initialCapacity: 256)
    // SAFETY: bytes have no padding, so all of an array's are initialised.
    unsafe encoder.append(
      key: key.span.bytes, value: value.span.bytes, timestampMilliseconds: timestampMilliseconds)
    var fields = fields
    fields.attributes = BatchAttributes(isTransactional: true, isControl: true)
    encoder.finish(fields)
    // SAFETY: the buffer is read within its count and not kept.
    return unsafe encoder.bytes.withUnsafeBytes { unsafe [UInt8]($0) }
  }
}

extension ControlRecord.Kind {
  init(code: Int16) {
    switch code {
    case 0: self = .abort
    case 1: self = .commit
    default: self = .other(code)
    }
  }

  var code: Int16 {
    switch self {
    case .abort: 0
    case .commit: 1
    case .other(let code): code
    }
  }
}
