import MoldauFormat

/// Ends the process unless `condition` holds; in contrast to `precondition` it says why in release
/// builds too.
func hold(_ condition: Bool, _ law: @autoclosure () -> String) {
  if !condition { fatalError(law()) }
}

/// Runs `body`; an error is an answer like any other.
func ignoringErrors<Failure: Error>(_ body: () throws(Failure) -> Void) {
  do throws(Failure) { try body() } catch {}
}

/// Returns what `body` returns, or nil when it throws.
func result<Value, Failure: Error>(_ body: () throws(Failure) -> Value) -> Value? {
  do throws(Failure) { return try body() } catch { return nil }
}

/// A file, entry or value that is read whole and can be written again.
protocol Reencodable: Equatable {
  init(parsing bytes: RawSpan) throws(FormatError)
  func encode() -> [UInt8]
}

/// Parses, encodes and parses again: the value must be the same.
func expectStable<Value: Reencodable>(_: Value.Type, _ bytes: RawSpan) {
  guard let value = result({ () throws(FormatError) in try Value(parsing: bytes) }) else { return }
  let encoded = value.encode()
  do throws(FormatError) {
    let again = try Value(parsing: encoded.rawSpan)
    hold(again == value, "a value survives being written and read")
  } catch {
    fatalError("what was written can be read: \(error)")
  }
}

/// Returns the batch in `bytes` with its length and checksum set to what they should be.
func resealed(_ bytes: RawSpan) -> [UInt8] {
  var batch = copy(bytes)
  guard batch.count >= RecordBatchHeader.byteCount else { return batch }
  let length = batch.count - RecordBatchHeader.lengthPrefixByteCount
  store(UInt32(length), in: &batch, at: 8)
  batch[16] = UInt8(bitPattern: RecordBatchHeader.supportedMagic)
  let checksum = Checksum.crc32c(
    batch.rawSpan.extracting(droppingFirst: RecordBatchHeader.checksummedRangeStart))
  store(checksum, in: &batch, at: 17)
  return batch
}

/// Stores `value` big-endian.
func store(_ value: UInt32, in bytes: inout [UInt8], at position: Int) {
  for index in 0..<4 {
    bytes[position + index] = UInt8(truncatingIfNeeded: value >> (24 - 8 * index))
  }
}

func byte(_ bytes: RawSpan, at position: Int) -> UInt8 {
  // SAFETY: the load checks its bounds, and every bit pattern is a valid integer.
  unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
}

func text(_ bytes: RawSpan) -> String {
  // SAFETY: the string copies the borrowed bytes.
  unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
}

func copy(_ bytes: RawSpan) -> [UInt8] {
  // SAFETY: the array copies the borrowed bytes.
  unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
}

func isEqual(_ left: [UInt8], _ right: RawSpan) -> Bool {
  // SAFETY: the comparison reads the borrowed bytes only.
  unsafe right.withUnsafeBytes { unsafe $0.elementsEqual(left) }
}

func byteSum(_ bytes: RawSpan) -> Int {
  // SAFETY: the sum reads the borrowed bytes only.
  unsafe bytes.withUnsafeBytes { unsafe $0.reduce(0) { $0 &+ Int($1) } }
}

extension [UInt8] {
  package var rawSpan: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: a byte has no padding and any value.
      unsafe span.bytes
    }
  }
}
