package import MoldauProtocol

/// Why the controller has not done what it was asked to.
package struct ClusterRefusal: Error, Hashable, Sendable {
  package var code: ErrorCode
  package var message: String?

  package init(_ code: ErrorCode, _ message: String? = nil) {
    self.code = code
    self.message = message
  }

  package static let notController = ClusterRefusal(
    .notController, "this broker is not the controller")
}
