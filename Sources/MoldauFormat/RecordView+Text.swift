extension RecordView {
  /// The key as text, copied; bytes that are not UTF-8 are replaced.
  public var keyText: String? { Self.text(key) }

  /// The value as text, copied; bytes that are not UTF-8 are replaced.
  public var valueText: String? { Self.text(value) }

  private static func text(_ bytes: RawSpan?) -> String? {
    // SAFETY: the string copies the bytes while they are borrowed.
    unsafe bytes?.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }
}
