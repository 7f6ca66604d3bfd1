/// What is to be done outside the lock after a step of an embedded tree.
struct TreeEffects: Sendable {
  /// For each message that was added, the session that it is for.
  var messages: [(sessionID: Int64, carrier: any TreeCarrier)] = []
  /// A session's request was added.
  var requests: [(sessionID: Int64, carrier: any TreeCarrier)] = []
  /// When to look at a session's deadline; nil: not at all.
  var timers: [(sessionID: Int64, deadline: Int64?)] = []
  /// Callbacks that nobody calls any more; they are released without the lock.
  var dropped: [TreeSession.Message] = []
  /// Sessions that are over, for the same reason.
  var forgotten: [TreeSession] = []
}
