/// The bytes of one record, sized before they are written.
///
/// One of two audited pointer kernels: sizes are computed first, so that one capacity check
/// covers the writes of a whole record.
@safe
@usableFromInline
package struct RecordEncoding {
  /// More than the fields of a record without key, value and headers ever take.
  @inlinable package static var maxFixedByteCount: Int { 36 }

  @usableFromInline package var timestampDelta: Int64
  @usableFromInline package var offsetDelta: Int32
  @usableFromInline package var key: UnsafeRawPointer?
  /// −1 for a null key.
  @usableFromInline package var keyCount: Int
  @usableFromInline package var value: UnsafeRawPointer?
  /// −1 for a null value.
  @usableFromInline package var valueCount: Int

  @inlinable @inline(always)
  package init(
    timestampDelta: Int64, offsetDelta: Int32, key: UnsafeRawBufferPointer?,
    value: UnsafeRawBufferPointer?
  ) {
    self.timestampDelta = timestampDelta
    self.offsetDelta = offsetDelta
    unsafe self.key = key?.baseAddress
    keyCount = unsafe key?.count ?? -1
    unsafe self.value = value?.baseAddress
    valueCount = unsafe value?.count ?? -1
  }

  /// The number of bytes of key and value.
  @inlinable @inline(always)
  package var payloadByteCount: Int { max(keyCount, 0) &+ max(valueCount, 0) }

  /// Writes the record and returns where it ends.
  ///
  /// - Precondition: `start` has room for `maxFixedByteCount`, the payload and the headers.
  @inlinable @inline(always)
  package func write(
    to start: UnsafeMutableRawPointer, headers: [RecordHeader], headersByteCount: Int
  ) -> UnsafeMutableRawPointer {
    guard !headers.isEmpty else { return unsafe write(to: start) }
    // SAFETY: the caller reserved the bytes.
    let next = unsafe writeFields(to: start, headersByteCount: headersByteCount)
    return unsafe Self.write(headers, to: next)
  }

  /// Writes the record without headers and returns where it ends.
  ///
  /// - Precondition: `start` has room for `maxFixedByteCount` and the payload.
  @inlinable @inline(always)
  package func write(to start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    // SAFETY: the caller reserved the bytes; the count of headers takes one.
    let next = unsafe writeFields(to: start, headersByteCount: 1)
    unsafe next.storeBytes(of: 0, as: UInt8.self)
    return unsafe next + 1
  }

  @inlinable @inline(always)
  package func writeFields(
    to start: UnsafeMutableRawPointer, headersByteCount: Int
  ) -> UnsafeMutableRawPointer {
    let bodyByteCount =
      1 &+ Varint.byteCount(timestampDelta) &+ Varint.byteCount(Int64(offsetDelta))
      &+ Varint.byteCount(Int64(keyCount)) &+ Varint.byteCount(Int64(valueCount))
      &+ payloadByteCount &+ headersByteCount
    var next = unsafe start
    // SAFETY: each write stays within what the caller reserved; the sizes above are the same.
    unsafe Varint.write(Int64(bodyByteCount), to: &next)
    unsafe next.storeBytes(of: 0, as: UInt8.self)
    unsafe next += 1
    unsafe Varint.write(timestampDelta, to: &next)
    unsafe Varint.write(Int64(offsetDelta), to: &next)
    unsafe Self.write(key, count: keyCount, to: &next)
    unsafe Self.write(value, count: valueCount, to: &next)
    return unsafe next
  }

  @inlinable @inline(always)
  package static func write(
    _ bytes: UnsafeRawPointer?, count: Int, to next: inout UnsafeMutableRawPointer
  ) {
    // SAFETY: the caller reserved the bytes; a count above zero comes with a pointer.
    unsafe Varint.write(Int64(count), to: &next)
    if count > 0, let bytes = unsafe bytes {
      unsafe next.copyMemory(from: bytes, byteCount: count)
      unsafe next += count
    }
  }

  /// Returns how many bytes the headers take, their number included.
  @inlinable @inline(always)
  package static func byteCount(of headers: [RecordHeader]) -> Int {
    headers.isEmpty ? 1 : longByteCount(of: headers)
  }

  @usableFromInline @inline(never)
  package static func longByteCount(of headers: [RecordHeader]) -> Int {
    headers.reduce(Varint.byteCount(Int64(headers.count))) { sum, header in
      let nameCount = header.name.utf8.count
      let valueCount = header.value?.count ?? -1
      return sum + Varint.byteCount(Int64(nameCount)) + nameCount
        + Varint.byteCount(Int64(valueCount)) + max(valueCount, 0)
    }
  }

  @usableFromInline @inline(never)
  package static func write(
    _ headers: [RecordHeader], to start: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer {
    var next = unsafe start
    // SAFETY: the caller reserved what `byteCount(of:)` says.
    unsafe Varint.write(Int64(headers.count), to: &next)
    for header in headers {
      var name = header.name
      name.withUTF8 { text in
        unsafe write(UnsafeRawPointer(text.baseAddress), count: text.count, to: &next)
      }
      guard let value = header.value else {
        unsafe Varint.write(-1, to: &next)
        continue
      }
      unsafe value.withUnsafeBytes { bytes in
        unsafe write(bytes.baseAddress, count: bytes.count, to: &next)
      }
    }
    return unsafe next
  }
}
