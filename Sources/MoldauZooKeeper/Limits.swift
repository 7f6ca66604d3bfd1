/// The bounds of this target, together.
enum Limits {
  /// Requests of a session that its server has and has not answered; more wait. The client tells its
  /// thread of each by a byte in a pipe, and drops the connection when that is full at 65,536.
  static let maxOutstandingRequests = 10_000

  /// How long to wait until a server's name that could not be resolved is tried again.
  static let resolutionPauseMilliseconds: Int64 = 500

  /// What a sequential node's number adds to its path, and the zero at its end; more than it is.
  static let sequenceBytes = 16
}
