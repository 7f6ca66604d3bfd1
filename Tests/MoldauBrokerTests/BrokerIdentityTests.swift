import MoldauCluster
import MoldauDisk
import MoldauFormat
import MoldauLog
import Testing

@testable import MoldauBroker

struct BrokerIdentityTests {
  private static func load(
    _ store: LogStore, nodeID: Int32? = nil
  ) throws(BrokerError) -> BrokerIdentity {
    var generator = SystemRandomNumberGenerator()
    return try BrokerIdentity.load(from: store, nodeID: nodeID, using: &generator)
  }

  @Test("a new directory gets an identity and keeps it", arguments: [nil, 7] as [Int32?])
  func created(nodeID: Int32?) async throws {
    let store = try await LogStore.inMemory()
    let first = try Self.load(store, nodeID: nodeID)
    #expect(first.nodeID == nodeID ?? 1)
    #expect(try Self.load(store) == first)
    #expect(try Self.load(store, nodeID: first.nodeID) == first)
  }

  @Test("the directory of another broker is refused")
  func refused() async throws {
    let store = try await LogStore.inMemory()
    _ = try Self.load(store, nodeID: 3)
    #expect(
      throws: BrokerError.otherNode(path: "\(store.path)/meta.properties", owner: 3, wanted: 4)
    ) {
      try Self.load(store, nodeID: 4)
    }
  }

  @Test("the directory of a cluster's broker is refused to one that stands alone")
  func ofCluster() async throws {
    let store = try await LogStore.inMemory()
    let path = "\(store.path)/\(MemberFile.name)"
    let file = MemberFile(incarnation: "first", previous: nil)
    try store.disk.replaceFile(at: path, with: file.data, isDurable: false)
    #expect(throws: BrokerError.memberOfCluster(path: path)) { try Self.load(store) }
    var generator = SystemRandomNumberGenerator()
    _ = try BrokerIdentity.load(from: store, nodeID: 3, isAlone: false, using: &generator)
  }

  @Test("what another broker has written is kept")
  func kept() async throws {
    let store = try await LogStore.inMemory()
    let path = "\(store.path)/meta.properties"
    let text = "node.id=5\nversion=1\ncluster.id=abc\nsome.key=value\n"
    try store.disk.replaceFile(at: path, with: Array(text.utf8), isDurable: false)
    let identity = try Self.load(store)
    #expect(identity.nodeID == 5)
    #expect(identity.clusterID == "abc")
    let rewritten = String(decoding: try store.disk.contents(of: path), as: UTF8.self)
    #expect(rewritten.contains("some.key=value"))
    #expect(rewritten.contains("directory.id="))
  }

  @Test("a file that is no identity is refused and left")
  func damaged() async throws {
    let store = try await LogStore.inMemory()
    let path = "\(store.path)/meta.properties"
    try store.disk.replaceFile(at: path, with: Array("version=9\n".utf8), isDurable: false)
    #expect(throws: BrokerError.self) { try Self.load(store) }
    #expect(try store.disk.contents(of: path) == Array("version=9\n".utf8))
  }
}
