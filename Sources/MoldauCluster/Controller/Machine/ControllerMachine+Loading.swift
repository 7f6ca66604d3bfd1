internal import MoldauCoordination
internal import MoldauFormat

/// Reading the tree, when the office is taken up or the tree is not as this controller has left it.
/// What is read after the claim holds: earlier controllers' writes fail from then on.
extension ControllerMachine {
  mutating func load() {
    guard var office else { return }
    office.mustReload = false
    office.loading = Loading()
    office.reloadCount += office.isActive ? 1 : 0
    self.office = office
    if office.reloadCount > 1 {
      log(.error, "another hand changes the cluster's nodes; the controller reads them again")
      retry(Self.nameRequests, .names)
    } else {
      ask(Self.nameRequests, .names)
    }
  }

  private static let nameRequests: [CoordinationRequest] = [
    .children(path: ClusterPath.topics, watches: false),
    .children(path: ClusterPath.topicConfigurations, watches: false),
    .children(path: ClusterPath.brokerConfigurations, watches: false),
    .children(path: ClusterPath.topicDeletions, watches: false),
    .children(path: ClusterPath.brokerIDs, watches: true),
  ]

  /// Begins anew after a while: something could not be read.
  private mutating func loadAgain(_ reason: String) {
    log(.error, "the controller cannot read the cluster's nodes: \(reason)")
    refuseCommands(
      ClusterRefusal(.unknownServerError, "the controller cannot read the cluster's nodes"))
    office?.loading = Loading()
    retry(Self.nameRequests, .names)
  }

  mutating func loadedNames(_ results: [Result<CoordinationAnswer, CoordinationError>]) {
    guard var loading = office?.loading else { return }
    var lists: [[String]] = []
    for result in results {
      guard case .success(.children(let names, _)) = result else {
        return loadAgain("\(result)")
      }
      lists.append(names)
    }
    loading.topics = lists[0].sorted()
    loading.configuredTopics = lists[1].sorted()
    loading.configuredBrokers = lists[2].sorted()
    loading.deletions = Set(lists[3])
    loading.brokers = lists[4].compactMap { Int32($0) }.sorted()
    office?.loading = loading
    ask(
      loading.topics.map { .data(path: ClusterPath.topic($0), watches: false) }
        + loading.configuredTopics.map {
          .data(path: ClusterPath.configuration(of: $0), watches: false)
        }
        + loading.configuredBrokers.map {
          .data(path: "\(ClusterPath.brokerConfigurations)/\($0)", watches: false)
        }
        + loading.brokers.map { .data(path: ClusterPath.broker($0), watches: true) }
        + loading.deletions.sorted().map {
          .children(path: ClusterPath.partitions(of: $0), watches: false)
        }, .nodes)
  }

  mutating func loadedNodes(_ results: [Result<CoordinationAnswer, CoordinationError>]) {
    guard var loading = office?.loading else { return }
    do throws(NodeError) {
      var rest = results[...]
      for name in loading.topics {
        try loading.readTopic(name, rest.removeFirst())
      }
      for name in loading.configuredTopics {
        try loading.readConfiguration(ofTopic: name, rest.removeFirst())
      }
      for name in loading.configuredBrokers {
        try loading.readConfiguration(ofBroker: name, rest.removeFirst())
      }
      for id in loading.brokers {
        let result = rest.removeFirst()
        // A damaged registration is no broker's: it is logged, and the others go on.
        loading.live[id] = registration(of: id, result)
        if case .failure(let error) = result, error.refusal == nil {
          throw NodeError(path: ClusterPath.broker(id), reason: "\(error)")
        }
      }
      for name in loading.deletions.sorted() {
        try loading.readRemains(of: name, rest.removeFirst())
      }
    } catch {
      return loadAgain("\(error)")
    }
    loading.listPartitions()
    office?.loading = loading
    askStates()
  }

  private mutating func askStates() {
    guard var loading = office?.loading else { return }
    guard !loading.partitions.isEmpty else { return askBare() }
    loading.asked = loading.partitions.prefix(Limits.readsAtOnce)
    loading.partitions = loading.partitions.dropFirst(Limits.readsAtOnce)
    let asked = loading.asked
    office?.loading = loading
    ask(asked.map { .data(path: ClusterPath.state(of: $0), watches: false) }, .states)
  }

  mutating func loadedStates(_ results: [Result<CoordinationAnswer, CoordinationError>]) {
    guard var loading = office?.loading else { return }
    do throws(NodeError) {
      for (partition, result) in zip(loading.asked, results) {
        try loading.readState(of: partition, result)
      }
    } catch {
      return loadAgain("\(error)")
    }
    office?.loading = loading
    askStates()
  }

  /// Asks whether the partitions that have no state have a node.
  private mutating func askBare() {
    guard let bare = office?.loading?.stateless, !bare.isEmpty else { return loaded() }
    ask(bare.map { .exists(path: ClusterPath.partition($0), watches: false) }, .bare)
  }

  mutating func loadedBare(_ results: [Result<CoordinationAnswer, CoordinationError>]) {
    guard var loading = office?.loading else { return }
    for (partition, result) in zip(loading.stateless, results) {
      guard case .success(.exists(let stat)) = result else { return loadAgain("\(result)") }
      if stat == nil { loading.tree.absent.insert(partition) }
    }
    office?.loading = loading
    loaded()
  }

  /// All is read: from here on there is a tree to decide on.
  private mutating func loaded() {
    guard var office, let loading = office.loading else { return }
    var tree = loading.assembledTree()
    tree.image.clusterID = clusterID
    tree.image.controllerID = nodeID
    tree.image.controllerEpoch = office.epoch
    tree.image.version = office.tree.image.version + 1
    // What is in the image of brokers follows with the first round, with what that means for
    // partitions.
    tree.image.brokers = office.tree.image.brokers
    let isFirst = !office.isActive
    office.tree = tree
    office.history = ImageHistory()
    office.loading = nil
    office.isActive = true
    office.mustSettle = true
    office.live = loading.live.mapValues { office.keepingShutdown($0) }
    self.office = office
    let partitionCount = tree.image.topics.values.reduce(0) { $0 + $1.partitions.count }
    log(
      .info,
      "the controller has read \(tree.image.topics.count) topics with \(partitionCount) partitions")
    if isFirst {
      tell(ControllerIdentity(nodeID: nodeID, epoch: office.epoch))
      if settings.rebalancesLeaders {
        act(.wake(.rebalance, afterMilliseconds: settings.rebalanceIntervalMilliseconds))
      }
    }
    if office.mustRefreshBrokers { refreshBrokers() }
    advance()
  }
}

extension Office {
  /// A registration that was read, with what brokers have said to this controller since.
  func keepingShutdown(_ registration: BrokerRegistration) -> BrokerRegistration {
    var registration = registration
    if let known = live[registration.nodeID], known.brokerEpoch == registration.brokerEpoch {
      registration.isShuttingDown = known.isShuttingDown
    }
    return registration
  }
}
