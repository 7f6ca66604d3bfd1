extension RawSpan {
  /// A copy of the bytes.
  var array: [UInt8] {
    // SAFETY: the bytes are copied within the call.
    unsafe withUnsafeBytes { bytes in unsafe Array(bytes) }
  }

  /// The bytes as UTF-8.
  var text: String { String(decoding: array, as: UTF8.self) }
}
