/// The bounds of the server's buffers, queues and waits.
enum Limits {
  /// Requests of one connection that wait for their answers; above it nothing more is read.
  static let inFlightRequestCount = 1_024
  /// Bytes of answers of one connection that wait for an earlier one; above it nothing more is read.
  static let heldAnswerBytes = 4 << 20

  /// What a connection receives at once.
  static let receiveBytes = 512 << 10
  /// What a connection receives first, mostly a request for the API versions.
  static let firstReceiveBytes = 1 << 10

  /// Answers that wait for the socket: above the upper mark nothing more is read, until below the
  /// lower one.
  static let lowWaterBytes = 256 << 10
  static let highWaterBytes = 1 << 20

  /// Slices of at least this size are sent by the system from the file, smaller ones are copied.
  static let fileTransferBytes = 128 << 10
  /// As above, when an answer holds `highWaterBytes` of copies already.
  static let smallFileTransferBytes = 8 << 10

  /// A frame of at most this size needs no share of the request memory.
  static let unreservedFrameBytes = 128 << 10
  /// A connection that stops in the middle of a frame for this long is closed.
  static let stallSeconds: Int64 = 60

  static let backlog: Int32 = 1_024
}
