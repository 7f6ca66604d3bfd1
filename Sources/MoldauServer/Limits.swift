/// The bounds of the server's buffers, queues and waits.
enum Limits {
  /// Requests of one connection that wait for their answers; above it nothing more is read.
  static let inFlightRequestCount = 1_024
  /// Bytes of requests of one connection that are kept while they wait; above it nothing more is
  /// read.
  static let waitingRequestBytes = 4 << 20
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

  /// Connections of other brokers at once, beside those of clients; more are closed as they come.
  static let peerConnectionCount = 4_096
  /// What a connection to another broker receives at once, at least.
  static let peerReceiveBytes = 64 << 10
  /// The largest answer of another broker.
  static let peerAnswerBytes = 512 << 20
  /// The largest buffer that such a connection keeps between two answers.
  static let peerKeptBytes = 16 << 20

  /// Connections of operators and their tools at once; more are closed as they come.
  static let adminConnectionCount = 64
  /// What the head and the body of one of their requests may have, in bytes.
  static let adminHeadBytes = 16 << 10
  static let adminBodyBytes = 64 << 10
  /// How long such a connection may take for a request, or for reading the answer.
  static let adminRequestSeconds: Int64 = 10
  /// How long it may stay between two requests.
  static let adminIdleSeconds: Int64 = 120
  /// Series of swift-metrics that `PrometheusMetrics` keeps.
  static let instrumentCount = 10_000
  /// How often the server reports to swift-metrics.
  static let reportSeconds: Int64 = 1

  /// A member of a cluster that has not come round for so many lengths of its session gives it up,
  /// before the others give up theirs since they do not hear of it as the controller.
  static let hangingSessions: Int64 = 2
  /// After so many, and at least so many milliseconds, it is lost.
  static let lostSessions: Int64 = 10
  static let lostMilliseconds: Int64 = 30_000
  /// How long the line in the log that says so has before the process ends.
  static let lastWordMilliseconds: Int64 = 1_000
}
