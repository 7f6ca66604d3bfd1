package import MoldauClient
import MoldauProtocol
import MoldauReport

/// `moldau health`: whether brokers can be reached and every partition has a leader.
package struct HealthCheck {
  private let addresses: [Endpoint]
  private let options: KafkaConnection.Options
  private let context: CommandContext

  /// - Parameter options: of the connections that are tried.
  package init(
    _ context: CommandContext, addresses: [Endpoint], _ options: KafkaConnection.Options
  ) {
    self.context = context
    self.addresses = addresses
    self.options = options
  }

  /// What one look at the cluster found.
  private struct Finding {
    var rows: [ReportRow] = []
    var problems: [ReportRow] = []
  }

  /// Looks until all is well, or `waitMilliseconds` have passed; says then what is wrong.
  ///
  /// Returns whether all is well.
  package func run(
    waitMilliseconds: Int64, shouldStop: () -> Bool = { false }
  ) throws -> Bool {
    let deadline = context.clock.steadyMilliseconds() + waitMilliseconds
    var finding = look()
    while !finding.problems.isEmpty, context.clock.steadyMilliseconds() < deadline, !shouldStop() {
      Cluster.pause(milliseconds: Limits.healthPauseMilliseconds)
      finding = look()
    }
    let printer = context.printer()
    for row in finding.rows + finding.problems { printer.add(row) }
    try printer.finish()
    return finding.problems.isEmpty
  }

  // MARK: One look

  private func look() -> Finding {
    var finding = Finding()
    let cluster = Cluster(addresses, options)
    do throws(ClientError) {
      let metadata = try cluster.metadata(topics: nil)
      finding.rows.append(summary(metadata))
      for broker in metadata.brokers.sorted(by: { $0.nodeID < $1.nodeID }) {
        check(broker, metadata, cluster, &finding)
      }
      check(metadata.topics, &finding)
    } catch {
      finding.problems.append(
        .problem(addresses.map { "\($0)" }.joined(separator: ","), "\(error)"))
    }
    return finding
  }

  private func summary(_ metadata: MetadataResponse) -> ReportRow {
    ReportRow(
      .cluster,
      [
        .init("clusterID", .optional(metadata.clusterID), heading: "cluster"),
        .init("brokerCount", .count(metadata.brokers.count), heading: "brokers"),
        .init(
          "controller",
          metadata.controllerID < 0 ? .none : .integer(Int64(metadata.controllerID))),
        .init("topicCount", .count(metadata.topics.count), heading: "topics"),
        .init(
          "partitionCount", .count(metadata.topics.reduce(0) { $0 + $1.partitions.count }),
          heading: "partitions"),
      ])
  }

  /// Connects to a broker by the address that it tells its clients.
  private func check(
    _ broker: MetadataResponse.Broker, _ metadata: MetadataResponse, _ cluster: Cluster,
    _ finding: inout Finding
  ) {
    let address = "\(broker.host):\(broker.port)"
    var apiCount: Int?
    do throws(ClientError) {
      apiCount = try cluster.broker(broker.nodeID).offeredApiCount
    } catch {
      finding.problems.append(.problem("broker \(broker.nodeID)", "\(error)"))
    }
    finding.rows.append(
      ReportRow(
        .broker,
        [
          .init("broker", .integer(Int64(broker.nodeID))),
          .init("address", .text(address)),
          .init("rack", .optional(broker.rack)),
          .init("isReachable", .boolean(apiCount != nil), heading: "reachable"),
          .init("apiCount", .optional(apiCount.map(Int64.init)), heading: "requests known"),
        ]))
  }

  private func check(_ topics: [MetadataResponse.Topic], _ finding: inout Finding) {
    for topic in topics {
      let name = topic.name ?? topic.id.base64
      if topic.errorCode != .none {
        finding.problems.append(.problem(name, "the topic cannot be used: \(topic.errorCode)"))
      }
      for partition in topic.partitions.sorted(by: { $0.index < $1.index }) {
        let path = "\(name)-\(partition.index)"
        if partition.errorCode != .none || partition.leaderID < 0 {
          finding.problems.append(
            .problem(path, "the partition has no leader: \(partition.errorCode)"))
        } else if partition.inSyncReplicaNodes.count < partition.replicaNodes.count {
          finding.rows.append(
            .note(
              path,
              "\(partition.inSyncReplicaNodes.count) of \(partition.replicaNodes.count) replicas "
                + "are in sync"))
        }
      }
    }
  }
}
