/// A record out of one input: the length of its key in one byte, the key, the value.
struct KeyAndValue: ~Escapable {
  let key: RawSpan
  let value: RawSpan

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) {
    guard bytes.byteCount > 0 else {
      key = bytes
      value = bytes
      return
    }
    let rest = bytes.extracting(droppingFirst: 1)
    // SAFETY: the load checks its bounds, and every bit pattern is a valid integer.
    let keyByteCount = Int(unsafe bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self))
    key = rest.extracting(first: keyByteCount)
    value = rest.extracting(droppingFirst: key.byteCount)
  }
}
