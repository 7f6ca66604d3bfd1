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
    key = rest.extracting(first: Int(byte(bytes, at: 0)))
    value = rest.extracting(droppingFirst: key.byteCount)
  }
}
