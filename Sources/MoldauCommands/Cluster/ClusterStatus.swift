package import MoldauClient
import MoldauFormat
import MoldauProtocol
import MoldauReport

/// `moldau cluster status`: the brokers, who leads what, and what is wrong.
package struct ClusterStatus {
  private let context: CommandContext
  private let zooKeepers: [Endpoint]?

  /// - Parameter zooKeepers: the servers of the ensemble that are to be asked how they are; nil: those
  ///   that a broker names.
  package init(_ context: CommandContext, zooKeepers: [Endpoint]? = nil) {
    self.context = context
    self.zooKeepers = zooKeepers
  }

  /// What the partitions are like, all together and by broker.
  private struct Counts {
    var partitions = 0
    var leaderless = 0
    /// Without a leader that would come back with a broker.
    var undecided = 0
    var underReplicated = 0
    var ledBy: [Int32: Int] = [:]
    var heldBy: [Int32: Int] = [:]
    var inSyncOn: [Int32: Int] = [:]
  }

  /// Returns whether all is well: brokers and a majority of the ensemble can be reached, and every
  /// partition has a leader.
  package func run() throws -> Bool {
    let printer = context.printer()
    let metadata = try context.cluster.metadata(topics: nil)
    var findings: [ReportRow] = []
    let counts = try count(metadata, &findings)
    printer.add(summary(metadata, counts))
    for broker in metadata.brokers.sorted(by: { $0.nodeID < $1.nodeID }) {
      printer.add(row(of: broker, metadata, counts, &findings))
    }
    let servers = zooKeepers ?? namedServers(metadata)
    for row in rows(of: servers, &findings) { printer.add(row) }
    for row in moves(&findings) { printer.add(row) }
    for finding in findings { printer.add(finding) }
    try printer.finish()
    return !findings.contains { $0.kind == .problem }
  }

  private func count(
    _ metadata: MetadataResponse, _ findings: inout [ReportRow]
  ) throws -> Counts {
    var counts = Counts()
    let live = Set(metadata.brokers.map(\.nodeID))
    let leaderless = metadata.topics.filter { $0.partitions.contains { $0.leaderID < 0 } }
    let candidates = try context.cluster.anyBroker().leaderCandidates(
      ofTopics: leaderless.compactMap(\.name))
    for topic in metadata.topics.sorted(by: { ($0.name ?? "") < ($1.name ?? "") }) {
      let name = topic.name ?? topic.id.base64
      for partition in topic.partitions.sorted(by: { $0.index < $1.index }) {
        counts.partitions += 1
        for node in partition.replicaNodes { counts.heldBy[node, default: 0] += 1 }
        for node in partition.inSyncReplicaNodes { counts.inSyncOn[node, default: 0] += 1 }
        let path = "\(name)-\(partition.index)"
        let replicas = Self.list(partition.replicaNodes)
        if partition.leaderID < 0 {
          counts.leaderless += 1
          let known = candidates[TopicPartition(topic: name, partition: partition.index)]
          let awaited = Self.awaited(known, partition, live)
          if awaited.isEmpty { counts.undecided += 1 }
          let way =
            awaited.isEmpty
            ? "none that is down has everything: bring back the directory that has,"
            : "it waits for \(Self.list(awaited)), which have everything: start them,"
          findings.append(
            .problem(
              path,
              "no replica of \(replicas) can lead, \(way) or, at the price of records, "
                + "`moldau cluster elect --unclean \(name):\(partition.index)`"))
          continue
        }
        counts.ledBy[partition.leaderID, default: 0] += 1
        guard partition.inSyncReplicaNodes.count < partition.replicaNodes.count else { continue }
        counts.underReplicated += 1
        findings.append(
          .note(
            path,
            "led by \(partition.leaderID), in sync \(Self.list(partition.inSyncReplicaNodes)) of "
              + replicas))
      }
    }
    return counts
  }

  /// The brokers with which a leader comes back; none when somebody has to decide.
  private static func awaited(
    _ candidates: KafkaConnection.LeaderCandidates?, _ partition: MetadataResponse.Partition,
    _ live: Set<Int32>
  ) -> [Int32] {
    let eligible = candidates?.eligible ?? partition.inSyncReplicaNodes
    // One that is eligible and up is about to be elected; who led last and is up lacks something.
    guard eligible.isEmpty else { return eligible }
    return candidates?.lastKnown.filter { !live.contains($0) } ?? []
  }

  private static func list(_ nodes: [Int32]) -> String {
    nodes.isEmpty ? "none" : nodes.map { "\($0)" }.joined(separator: ",")
  }

  private func summary(_ metadata: MetadataResponse, _ counts: Counts) -> ReportRow {
    ReportRow(
      .cluster,
      [
        .init("clusterID", .optional(metadata.clusterID), heading: "cluster"),
        .init("brokerCount", .count(metadata.brokers.count), heading: "brokers"),
        .init(
          "controller",
          metadata.controllerID < 0 ? .none : .integer(Int64(metadata.controllerID))),
        .init("topicCount", .count(metadata.topics.count), heading: "topics"),
        .init("partitionCount", .count(counts.partitions), heading: "partitions"),
        .init("underReplicatedCount", .count(counts.underReplicated), heading: "under-replicated"),
        .init("leaderlessCount", .count(counts.leaderless), heading: "without leader"),
        .init("undecidedCount", .count(counts.undecided), heading: "to be decided"),
      ])
  }

  private func row(
    of broker: MetadataResponse.Broker, _ metadata: MetadataResponse, _ counts: Counts,
    _ findings: inout [ReportRow]
  ) -> ReportRow {
    let node = broker.nodeID
    var lostCount: Int?
    do throws(ClientError) {
      lostCount = try context.cluster.broker(node).lostReplicaCount()
    } catch {
      findings.append(.problem("broker \(node)", "\(error)"))
    }
    if let lostCount, lostCount > 0 {
      findings.append(
        .note(
          "broker \(node)",
          "records that were acknowledged may have been missing from \(lostCount) of its replicas"
            + " when it registered: its log names each and says what became of it"))
    }
    return ReportRow(
      .broker,
      [
        .init("broker", .integer(Int64(node))),
        .init("address", .text("\(broker.host):\(broker.port)")),
        .init("isReachable", .boolean(lostCount != nil), heading: "reachable"),
        .init("isController", .boolean(node == metadata.controllerID), heading: "controller"),
        .init("ledCount", .count(counts.ledBy[node] ?? 0), heading: "leads"),
        .init("replicaCount", .count(counts.heldBy[node] ?? 0), heading: "replicas"),
        .init("inSyncCount", .count(counts.inSyncOn[node] ?? 0), heading: "in sync"),
        .init("lostCount", lostCount.map { .count($0) } ?? .none, heading: "lost"),
      ])
  }

  // MARK: Coordination

  /// The servers of which the brokers' setting `zookeeper.connect` tells; none where they are
  /// coordinated otherwise.
  private func namedServers(_ metadata: MetadataResponse) -> [Endpoint] {
    for node in metadata.brokers.map(\.nodeID).sorted() {
      do throws(ClientError) {
        let broker = try context.cluster.broker(node)
        guard broker.offers(.describeConfigs) else { return [] }
        let settings = try broker.configuration(ofBroker: node)
        guard let text = settings.first(where: { $0.name == "zookeeper.connect" })?.value else {
          return []
        }
        return text.prefix { $0 != "/" }.split(separator: ",").compactMap { Endpoint(String($0)) }
      } catch {
        // That it cannot be reached is told with the brokers; another one is asked.
        continue
      }
    }
    return []
  }

  private func rows(of servers: [Endpoint], _ findings: inout [ReportRow]) -> [ReportRow] {
    var serving = 0
    let rows = servers.map { server in
      let state: String
      switch ZooKeeperProbe.ask(server, timeoutMilliseconds: 2_000) {
      case .serves(let mode):
        serving += 1
        state = mode
      case .refuses(let explanation), .unreachable(let explanation):
        state = "down"
        findings.append(.note("zookeeper \(server)", explanation))
      }
      return ReportRow(
        .zooKeeper, [.init("server", .text("\(server)")), .init("state", .text(state))])
    }
    if !servers.isEmpty, serving == 0 {
      findings.append(
        .problem(
          "zookeeper",
          "the ensemble has no majority: leaders go on, and nothing of the cluster can be changed"))
    }
    return rows
  }

  private func moves(_ findings: inout [ReportRow]) -> [ReportRow] {
    do throws(ClientError) {
      let broker = try context.cluster.controller()
      guard broker.offers(.listPartitionReassignments) else { return [] }
      return try broker.reassignments().map(ReassignmentChanges.row)
    } catch {
      findings.append(.problem("controller", "\(error)"))
      return []
    }
  }
}
