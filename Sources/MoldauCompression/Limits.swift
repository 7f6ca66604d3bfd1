/// The bounds of this target, in one place.
enum Limits {
  /// How many idle contexts of one kind are kept; a burst of more threads makes its own.
  static let pooledContextCount = 8
  /// A context that grew past this many bytes is let go after its use.
  static let pooledContextByteCount = 8 << 20
  /// The least room that a decoder gets; small batches then need one allocation.
  static let leastDecodingRoom = 4 << 10
  /// The first room is this many times the input, about what batches of text reach.
  static let expectedCompressionRatio = 4
  /// What snappy's Java client compresses as one block.
  static let snappyBlockByteCount = 32 << 10
}
