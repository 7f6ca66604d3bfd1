import MoldauCoordination
import MoldauLog
import Testing

/// An implementation that the contract is checked with.
enum CoordinationSubject: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case embedded

  var testDescription: String { rawValue }

  /// Calls `body` with a service in whose tree nothing is but `/`.
  func withService(_ body: (any CoordinationService) async throws -> Void) async throws {
    switch self {
    case .embedded:
      let queue = SerialQueue(name: "test-tree")
      defer { queue.stop() }
      try await body(EmbeddedTree(queue: queue).client(chroot: Chroot("/some/where")))
    }
  }
}
