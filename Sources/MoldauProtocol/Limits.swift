/// Every bound that decoding keeps.
package enum Limits {
  /// The longest string, as in Kafka: 32,767 bytes of UTF-8, in compact form too.
  package static let stringByteCount = Int(Int16.max)

  /// The most array elements of one message, all its arrays together.
  ///
  /// An element may be one byte on the wire and a hundred in memory; this bounds that leverage.
  package static let arrayElementCount = 1 << 21

  /// The elements for which an array reserves memory on the word of its count alone.
  package static let reservedElementCount = 64
}
