import MoldauCluster
import MoldauLog
import MoldauProtocol

/// Why a request that looks after topics or settings was refused, in the client's words.
struct AdministrationRefusal: Error, Equatable {
  let code: ErrorCode
  let message: String

  init(_ code: ErrorCode, _ message: String) {
    self.code = code
    self.message = message
  }

  init(_ error: LogError) {
    self.init(ErrorCode(error), "\(error)")
  }

  /// What the cluster's controller says.
  init(_ refusal: ClusterRefusal) {
    self.init(refusal.code, refusal.message ?? "the controller says \(refusal.code)")
  }

  static let repeatedTopic = AdministrationRefusal(
    .invalidRequest, "the request names the topic more than once")

  static let repeatedResource = AdministrationRefusal(
    .invalidRequest, "the request names the resource more than once")

  /// Too much work waits already; clients try again.
  static let busy = AdministrationRefusal(
    .requestTimedOut, "too many requests wait for the broker; try again")
}
