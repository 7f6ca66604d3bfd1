import MoldauCoordination
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauCluster

@Suite struct RegistrarTests {
  private let world = RegistrationWorld()
  private let orders = TopicPartition(topic: "orders", partition: 0)
  private let clicks = TopicPartition(topic: "clicks", partition: 0)

  private func last(
    directory: UInt64 = 1, boot: String? = "boot", incarnation: String? = "last"
  ) -> BrokerEpochNode {
    BrokerEpochNode(
      directoryID: TopicID(high: 1, low: directory), bootID: boot, incarnation: incarnation,
      brokerEpoch: 7, survivedSince: 7, lost: [])
  }

  @Test("what can be proved of the time since a registration")
  func survival() {
    func survival(
      of boot: String?, clean: Int64? = nil, isDamaged: Bool = false, since last: BrokerEpochNode?
    ) -> Survival {
      RegistrationWorld.history(
        boot: boot, clean: clean, incarnations: ["last", "before"], isDamaged: isDamaged
      ).survival(since: last)
    }
    #expect(survival(of: "other", clean: 7, since: nil) == .nothing)
    #expect(survival(of: "other", clean: 7, since: last()) == .all)
    #expect(survival(of: "other", clean: 7, since: last(directory: 2)) == .nothing)
    #expect(survival(of: "other", clean: 7, since: last(incarnation: "a copy's")) == .nothing)
    #expect(survival(of: "other", clean: 7, since: last(incarnation: nil)) == .nothing)
    #expect(survival(of: "boot", since: last()) == .all)
    #expect(survival(of: "boot", isDamaged: true, since: last()) == .damaged)
    #expect(survival(of: "boot", isDamaged: true, since: last(directory: 2)) == .nothing)
    #expect(survival(of: "boot", isDamaged: true, since: last(incarnation: "a copy's")) == .nothing)
    #expect(survival(of: "other", since: last()) == .synced)
    #expect(survival(of: nil, since: last(boot: nil)) == .synced)
    #expect(survival(of: "other", clean: 6, since: last()) == .synced)
    #expect(survival(of: "other", clean: -1, since: last()) == .synced)
  }

  @Test("the first broker names the cluster and begins with epoch 0; the directory knows it before")
  func first() throws {
    let outcome = try world.register(RegistrationWorld.history()).get()
    #expect(outcome.clusterID == "moldau")
    #expect(outcome.registration.brokerEpoch == 0)
    #expect(!outcome.registration.hasSurvived)
    #expect(outcome.file == MemberFile(incarnation: "1", previous: nil))
    #expect(world.directory.file.withLock { $0 } == outcome.file)
    #expect(world.tree.stat(of: "/brokers/epochs/1")?.version == 0)
    #expect(world.tree.data(at: "/brokers/ids/1") != nil)
  }

  @Test("a broker that was killed replaces its own node and has survived")
  func replaces() throws {
    let first = try world.register(RegistrationWorld.history()).get().registration
    let second = try world.register(world.history()).get()
    #expect(second.registration.brokerEpoch > first.brokerEpoch)
    #expect(second.registration.survivedSince == first.brokerEpoch)
    #expect(second.file == MemberFile(incarnation: "2", previous: "1"))
    let third = try world.register(world.history(boot: "after a power cut")).get().registration
    #expect(third.survivedSince == first.brokerEpoch)
  }

  @Test("an older copy of the directory has survived nothing, and does not pass for the real one")
  func olderCopy() throws {
    _ = try world.register(RegistrationWorld.history())
    let copied = world.history()
    _ = try world.register(world.history())
    let registration = try world.register(copied).get()
    #expect(!registration.registration.hasSurvived)
    #expect(registration.file?.previous == nil)
  }

  @Test("another directory is refused while the first is up, and takes over when it is gone")
  func otherDirectory() throws {
    let session = world.connect()
    _ = try world.register(RegistrationWorld.history(), in: session)
    let other = RegistrationWorld.history(directory: 2)
    guard case .failure(let failure) = try world.register(other) else {
      return #expect(Bool(false), "two brokers have one number")
    }
    #expect(!failure.isFinal)
    #expect(failure.description.contains(TopicID(high: 1, low: 1).base64))
    #expect(failure.description.contains(TopicID(high: 1, low: 2).base64))
    world.tree.expire(session.id.withLock { $0 })
    world.queue.runAll()
    let registration = try world.register(other).get().registration
    #expect(!registration.hasSurvived)
  }

  @Test("a directory of another cluster, or of one that the service does not know, is refused")
  func otherCluster() throws {
    let unknown = try world.register(RegistrationWorld.history(cluster: "elbe"))
    #expect(unknown.failureIsFinal)
    #expect(world.tree.data(at: "/cluster/id") == nil)
    _ = try world.register(RegistrationWorld.history())
    let other = try world.register(RegistrationWorld.history(cluster: "elbe"))
    #expect(other.failureIsFinal)
  }

  @Test("replicas that the cluster counts on and that are not whole are lost")
  func lost() throws {
    _ = try world.register(RegistrationWorld.history())
    try world.add("orders", isr: [2, 1])
    try world.add("clicks", isr: [], elr: [1])
    try world.add("others", isr: [2])
    for topic in ["orders", "others"] {
      world.directory.conditions.withLock {
        $0[TopicPartition(topic: topic, partition: 0)] = .lost
      }
    }
    world.directory.conditions.withLock { $0[clicks] = .buffered }
    let killed = try world.register(world.history()).get().registration
    #expect(killed.lost.map(\.partition) == [orders])
    let cut = try world.register(world.history(boot: "next")).get().registration
    #expect(Set(cut.lost.map(\.partition)) == [orders, clicks])
    #expect(cut.lost.allSatisfy { $0.brokerEpoch == cut.brokerEpoch })
    world.directory.conditions.withLock { $0[clicks] = .new }
    let again = try world.register(world.history(clean: cut.brokerEpoch)).get().registration
    #expect(again.lost.contains { $0.partition == clicks && $0.brokerEpoch == cut.brokerEpoch })
  }

  @Test("a damaged directory is the same one; another or an older copy is not")
  func damagedDirectory() throws {
    let first = try world.register(RegistrationWorld.history()).get().registration
    try world.add("orders", isr: [1])
    let copied = world.history()
    var damaged = copied
    damaged.isDamaged = true
    let found = try world.register(damaged).get()
    #expect(!found.registration.hasSurvived)
    #expect(found.registration.directorySince == first.brokerEpoch)
    #expect(found.lostCount == 1)
    #expect(found.file?.isDamaged == true)
    #expect(found.file?.previous == "1")
    // What a registration has said is said, also of the registrations after it.
    let next = try world.register(world.history()).get()
    #expect(next.registration.survivedSince == found.registration.brokerEpoch)
    #expect(next.registration.directorySince == first.brokerEpoch)
    #expect(next.file?.isDamaged == false)
    _ = try world.register(world.history())
    let older = try world.register(copied).get().registration
    #expect(older.directorySince == older.brokerEpoch)
  }

  @Test("when the replicas are looked at, nobody can be taken in any more under the last epoch")
  func fencesBefore() throws {
    let first = try world.register(RegistrationWorld.history()).get().registration
    try world.add("orders", isr: [1])
    let seen = Mutex<Int32?>(nil)
    world.directory.whenAsked.withLock { [tree = world.tree] whenAsked in
      whenAsked = { seen.withLock { $0 = tree.stat(of: "/brokers/epochs/1")?.version } }
    }
    _ = try world.register(world.history())
    #expect(Int64(try #require(seen.withLock { $0 })) > first.brokerEpoch)
  }

  @Test(
    "an answer that is lost leaves one registration",
    arguments: [LostRequests.carriedOut, .dropped])
  func lostAnswer(write: LostRequests) throws {
    _ = try world.register(RegistrationWorld.history())
    let session = world.connect()
    let id = session.id.withLock { $0 }
    // The first write raises the epoch; the one that is lost is the registration.
    world.directory.whenAsked.withLock { [tree = world.tree] whenAsked in
      whenAsked = { tree.disconnectAtNextWrite(id, write) }
    }
    try world.add("orders", isr: [1])
    let lost = try world.register(world.history(), in: session)
    guard case .failure(.service(.connectionLost)) = lost else {
      return #expect(Bool(false), "the answer was lost: \(lost)")
    }
    world.directory.whenAsked.withLock { $0 = {} }
    world.tree.reconnect(id)
    world.queue.runAll()
    let registration = try world.register(world.history(), in: session).get().registration
    #expect(registration.hasSurvived)
    #expect(
      registration.brokerEpoch
        == Int64(try #require(world.tree.stat(of: "/brokers/epochs/1")).version))
    #expect(world.tree.stat(of: "/brokers/ids/1")?.ephemeralOwner == id)
  }

  @Test("a directory that cannot be written keeps the broker from registering")
  func unwritable() throws {
    world.directory.failure.withLock { $0 = "the disk is full" }
    guard
      case .failure(.directory("the disk is full")) = try world.register(
        RegistrationWorld.history())
    else { return #expect(Bool(false), "it has registered") }
    #expect(world.tree.data(at: "/brokers/ids/1") == nil)
  }
}

extension Result where Failure == RegistrationFailure {
  fileprivate var failureIsFinal: Bool {
    if case .failure(let failure) = self { failure.isFinal } else { false }
  }
}
