import Foundation
import Logging
import MoldauCoordination
import MoldauDisk
import MoldauEnsemble
import MoldauLog
import MoldauZooKeeper
import Synchronization
import Testing

/// An implementation that the contract is checked with.
enum CoordinationSubject: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case embedded
  case keptInLog
  case zooKeeper

  /// Those that there is something for on this machine.
  static let available = allCases.filter { $0 != .zooKeeper || OneServer.isInstalled }

  var testDescription: String { rawValue }

  /// Calls `body` with a service in whose tree nothing is but `/`.
  func withService(_ body: (any CoordinationService) async throws -> Void) async throws {
    let queue = SerialQueue(name: "test-tree")
    defer { queue.stop() }
    switch self {
    case .embedded:
      try await body(EmbeddedTree(queue: queue).client(chroot: Chroot("/some/where")))
    case .keptInLog:
      let tree = try EmbeddedTree.open(
        in: "/tree", queue: queue, scheduler: nil, disk: SimulatedDisk(isCrashable: false))
      try await body(tree)
      try tree.close()
    case .zooKeeper:
      let hosts = try #require(OneServer.hosts, "the suite starts a server")
      let chroot = "/test/\(OneServer.treeCount.add(1, ordering: .relaxed).newValue)"
      let service = ZooKeeperService(
        address: try ZooKeeperAddress("zk://\(hosts)\(chroot)"), queue: queue,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      defer { service.waitForEndings() }
      try await body(service)
    }
  }
}

/// Starts a ZooKeeper server for the tests of a suite, if there is one to start.
struct OneServer: SuiteTrait, TestScoping {
  @TaskLocal static var hosts: String?
  static let treeCount = Atomic<Int>(0)

  static let isInstalled = {
    let path = ProcessInfo.processInfo.environment["PATH"]
    do throws(EnsembleError) {
      try ZooKeeperInstallation.check(on: SystemDisk(), path: path)
      return true
    } catch { return false }
  }()

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    guard Self.isInstalled else { return try await function() }
    let folder = try TestFolder()
    defer { folder.remove() }
    let ensemble = try ZooKeeperEnsemble(in: folder.path, count: 1, isDurable: false)
    try ensemble.start()
    defer { ensemble.stop() }
    try await Self.$hosts.withValue(ensemble.hosts, operation: function)
  }
}

/// A folder that is removed with all that is in it.
struct TestFolder {
  let path: String

  init() throws {
    path = "\(NSTemporaryDirectory())/moldau-coordination-\(UUID().uuidString)"
    try SystemDisk().makeDirectory(path)
  }

  func remove() {
    #expect(throws: Never.self) { try SystemDisk().removeFolder(path) }
  }
}
