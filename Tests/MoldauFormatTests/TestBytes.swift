import MoldauFormat
import Testing

/// Returns the bytes that `text` spells in hexadecimal; blanks and line ends are passed over.
func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  precondition(digits.count.isMultiple(of: 2), "bytes have two digits")
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// Returns the hexadecimal digits of `bytes`, which a failing test prints readably.
func hex(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// Calls `body` with `bytes` as a span.
func parse<Result>(
  _ bytes: [UInt8], _ body: (RawSpan) throws(FormatError) -> Result
) throws(FormatError) -> Result {
  // SAFETY: bytes have no padding, so all of the array's are initialised.
  try unsafe body(bytes.span.bytes)
}

/// Returns what `body` throws, or nil.
func failure<Result>(
  of bytes: [UInt8], _ body: (RawSpan) throws(FormatError) -> Result
) -> FormatError? {
  do throws(FormatError) {
    _ = try parse(bytes, body)
    return nil
  } catch {
    return error
  }
}

/// Returns a copy of the bytes of `span`.
func copy(_ span: RawSpan) -> [UInt8] {
  // SAFETY: the buffer is read within its count and not kept.
  unsafe span.withUnsafeBytes { unsafe [UInt8]($0) }
}

/// A random source that gives the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  mutating func bytes(count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }
}

/// A record as a value, which can be compared and printed.
struct OwnedRecord: Equatable {
  var offset: Int64
  var timestampMilliseconds: Int64
  var key: [UInt8]?
  var value: [UInt8]?
  var headers: [RecordHeader] = []

  init(_ view: borrowing RecordView) {
    offset = view.offset.rawValue
    timestampMilliseconds = view.timestampMilliseconds
    // SAFETY: the buffers are read within their counts and not kept.
    key = unsafe view.key?.withUnsafeBytes { unsafe [UInt8]($0) }
    value = unsafe view.value?.withUnsafeBytes { unsafe [UInt8]($0) }
    headers = view.headers
  }

  init(
    offset: Int64, timestampMilliseconds: Int64, key: [UInt8]?, value: [UInt8]?,
    headers: [RecordHeader] = []
  ) {
    self.offset = offset
    self.timestampMilliseconds = timestampMilliseconds
    self.key = key
    self.value = value
    self.headers = headers
  }
}

extension RecordBatchEncoder {
  mutating func append(_ record: OwnedRecord) {
    // SAFETY: the arrays outlive the closures, which keep no pointer.
    unsafe Self.withBuffer(record.key) { key in
      unsafe Self.withBuffer(record.value) { value in
        unsafe append(
          key: key, value: value, timestampMilliseconds: record.timestampMilliseconds,
          headers: record.headers)
      }
    }
  }

  private static func withBuffer(
    _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> Void
  ) {
    guard let bytes else { return body(nil) }
    unsafe bytes.withUnsafeBytes { unsafe body($0) }
  }
}

/// Returns the batch that holds `records`.
func encode(_ records: [OwnedRecord], _ fields: BatchFields = BatchFields()) -> [UInt8] {
  var encoder = RecordBatchEncoder(initialCapacity: 1)
  for record in records { encoder.append(record) }
  encoder.finish(fields)
  return copy(encoder.bytes)
}

/// Returns the records of an uncompressed batch, after all checks that a reader makes.
func decode(_ batch: [UInt8]) throws(FormatError) -> [OwnedRecord] {
  try parse(batch) { (bytes) throws(FormatError) in
    let header = try RecordBatchHeader(parsing: bytes)
    try RecordBatch.checkChecksum(of: bytes, header)
    var records: [OwnedRecord] = []
    try RecordBatch.forEachRecord(
      in: bytes.extracting(RecordBatchHeader.byteCount...), header
    ) { view in
      records.append(OwnedRecord(view))
      return true
    }
    return records
  }
}
