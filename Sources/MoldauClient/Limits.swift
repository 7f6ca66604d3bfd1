/// Every bound that the client keeps.
package enum Limits {
  /// The requests on their way at once, per connection.
  ///
  /// Also keeps a client that only sends from filling both sockets' buffers with a broker that
  /// waits for its answers to be read.
  package static let inFlightRequestCount = 128

  /// What one read from the socket asks for at least.
  package static let receiveByteCount = 256 * 1024

  /// What the records of one batch may decompress to.
  package static let decompressedByteCount = 256 * 1024 * 1024

  /// How often a topic that is just being created is asked for, and the pause between.
  package static let metadataAttemptCount = 50
  package static let metadataPauseMilliseconds: Int32 = 100
}
