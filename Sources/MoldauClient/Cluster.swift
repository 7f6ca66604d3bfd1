package import MoldauFormat
package import MoldauProtocol

/// The brokers of one cluster: finds who leads and who coordinates what, and keeps a connection to
/// each.
///
/// A connection that has failed is replaced when it is asked for again; who leads what is asked
/// again by `retrying`. Blocking; not for two threads at once.
package final class Cluster {
  /// Where to ask first, the first that answers.
  package let addresses: [Endpoint]
  package let options: KafkaConnection.Options
  private var connections: [Endpoint: KafkaConnection] = [:]
  /// Requests to a coordinator may wait for long, so that they have connections of their own.
  private var coordinators: [String: KafkaConnection] = [:]
  /// Where the brokers say that they are; empty before metadata was asked for.
  private var brokers: [Int32: Endpoint] = [:]
  private var leaders: [TopicPartition: Int32] = [:]
  /// The address that answered last.
  private var source: Endpoint?

  /// - Precondition: there is an address.
  package init(
    _ addresses: [Endpoint], _ options: KafkaConnection.Options = KafkaConnection.Options()
  ) {
    precondition(!addresses.isEmpty, "a cluster is found by the address of one of its brokers")
    self.addresses = addresses
    self.options = options
  }

  // MARK: Connections

  /// Returns a connection to the first of `addresses` that answers.
  package func anyBroker() throws(ClientError) -> KafkaConnection {
    if let source, let connection = connections[source], connection.isUsable { return connection }
    var failure: ClientError?
    for address in addresses {
      do throws(ClientError) {
        let connection = try connection(to: address)
        source = address
        return connection
      } catch {
        failure = failure ?? error
      }
    }
    guard let failure else { preconditionFailure("there is an address") }
    throw failure
  }

  private func connection(to endpoint: Endpoint) throws(ClientError) -> KafkaConnection {
    if let connection = connections[endpoint], connection.isUsable { return connection }
    connections[endpoint] = nil
    let connection = try KafkaConnection(to: endpoint, options)
    connections[endpoint] = connection
    return connection
  }

  /// Returns a connection to a broker by the address that it advertises.
  package func broker(_ nodeID: Int32) throws(ClientError) -> KafkaConnection {
    if brokers[nodeID] == nil { _ = try metadata(topics: []) }
    guard let endpoint = brokers[nodeID] else {
      throw try anyBroker().error(.missing(what: "an address of broker \(nodeID)"))
    }
    do throws(ClientError) {
      return try connection(to: endpoint)
    } catch {
      throw advertised(error)
    }
  }

  /// Says where an address that cannot be reached comes from.
  private func advertised(_ error: ClientError) -> ClientError {
    guard let source, source != error.endpoint else { return error }
    let explanation: String
    switch error.reason {
    case .unresolvable(let text): explanation = text
    case .unreachable(let errno): explanation = SystemSocket.explanation(of: errno)
    case .timedOut: explanation = "nothing answers"
    default: return error
    }
    let reason = ClientError.Reason.advertisedUnreachable(source: source, explanation: explanation)
    return ClientError(reason, at: error.endpoint)
  }

  /// Returns a connection to the broker that changes topics.
  package func controller() throws(ClientError) -> KafkaConnection {
    let response = try metadata(topics: [])
    // A broker that knows no controller passes such requests on.
    guard brokers[response.controllerID] != nil else { return try anyBroker() }
    return try broker(response.controllerID)
  }

  /// Returns connections to all brokers, by ascending node id.
  package func allBrokers() throws(ClientError) -> [(nodeID: Int32, connection: KafkaConnection)] {
    _ = try metadata(topics: [])
    var found: [(Int32, KafkaConnection)] = []
    for nodeID in brokers.keys.sorted() { found.append((nodeID, try broker(nodeID))) }
    return found
  }

  /// Returns a connection to the coordinator of a group, which nothing else uses.
  package func coordinator(of group: String) throws(ClientError) -> KafkaConnection {
    if let connection = coordinators[group], connection.isUsable { return connection }
    let found = try anyBroker().coordinator(of: group)
    do throws(ClientError) {
      let connection = try KafkaConnection(to: found, options)
      coordinators[group] = connection
      return connection
    } catch {
      throw advertised(error)
    }
  }

  /// Makes `coordinator(of:)` ask anew.
  package func forgetCoordinator(of group: String) { coordinators[group] = nil }

  // MARK: Topics

  /// Asks for the brokers and for `topics`; nil asks for all, and an empty list for none.
  package func metadata(
    topics: [String]?, allowsAutoTopicCreation: Bool = false
  ) throws(ClientError) -> MetadataResponse {
    let response = try anyBroker().metadata(
      topics: topics, allowsAutoTopicCreation: allowsAutoTopicCreation)
    brokers = [:]
    for broker in response.brokers {
      guard let port = UInt16(exactly: broker.port) else { continue }
      brokers[broker.nodeID] = Endpoint(host: broker.host, port: port)
    }
    for topic in response.topics { note(topic) }
    return response
  }

  private func note(_ topic: MetadataResponse.Topic) {
    guard let name = topic.name else { return }
    for partition in topic.partitions {
      let key = TopicPartition(topic: name, partition: partition.index)
      leaders[key] = partition.errorCode == .none ? partition.leaderID : nil
    }
  }

  /// Returns the partitions of `topic`, by ascending index, once each has a leader.
  package func partitions(
    of topic: String, allowsAutoTopicCreation: Bool = false
  ) throws(ClientError) -> [MetadataResponse.Partition] {
    let found = try anyBroker().partitions(
      of: topic, allowsAutoTopicCreation: allowsAutoTopicCreation)
    for partition in found {
      leaders[TopicPartition(topic: topic, partition: partition.index)] = partition.leaderID
    }
    return found
  }

  /// Returns a connection to the leader of `partition`.
  package func leader(of partition: TopicPartition) throws(ClientError) -> KafkaConnection {
    if leaders[partition] == nil { _ = try metadata(topics: [partition.topic]) }
    guard let leader = leaders[partition], leader >= 0 else {
      throw try anyBroker().error(
        .refused(what: "\(partition)", .leaderNotAvailable, explanation: nil))
    }
    return try broker(leader)
  }

  /// Groups partitions by the connection to their leader.
  package func byLeader(
    _ partitions: [TopicPartition]
  ) throws(ClientError) -> [(leader: KafkaConnection, partitions: [TopicPartition])] {
    var groups: [(leader: KafkaConnection, partitions: [TopicPartition])] = []
    for partition in partitions {
      let leader = try leader(of: partition)
      if let index = groups.firstIndex(where: { $0.leader === leader }) {
        groups[index].partitions.append(partition)
      } else {
        groups.append((leader, [partition]))
      }
    }
    return groups
  }

  /// Forgets who leads what; the next question asks for metadata.
  package func forgetLeaders() { leaders = [:] }

  // MARK: Trying again

  /// Calls `body` until it succeeds, fails for good, or has failed `Limits.attemptCount` times.
  ///
  /// Between two attempts it pauses, longer each time, and forgets who leads what.
  package func retrying<Value>(
    _ body: () throws(ClientError) -> Value
  ) throws(ClientError) -> Value {
    var attempt = 0
    while true {
      do throws(ClientError) {
        return try body()
      } catch {
        attempt += 1
        guard error.isRetriable, attempt < Limits.attemptCount else { throw error }
        pause(beforeAttempt: attempt)
      }
    }
  }

  /// Waits.
  package static func pause(milliseconds: Int32) { SystemSocket.pause(milliseconds: milliseconds) }

  /// Waits the time between two attempts and forgets who leads what.
  func pause(beforeAttempt attempt: Int) {
    let doubled = Limits.firstPauseMilliseconds << Int32(min(attempt - 1, 10))
    SystemSocket.pause(milliseconds: min(doubled, Limits.longestPauseMilliseconds))
    forgetLeaders()
  }
}
