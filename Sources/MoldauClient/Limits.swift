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

  /// How often what a broker refuses for the moment is tried, and the pauses between.
  package static let attemptCount = 10

  /// How often a member that is told to join again does so before it gives up.
  package static let joinAttemptCount = 30

  package static let firstPauseMilliseconds: Int32 = 50
  package static let longestPauseMilliseconds: Int32 = 1_000

  /// The batches of an idempotent producer on their way at once, per connection: as many as
  /// brokers remember of each producer.
  package static let inFlightBatchCount = 5
}
