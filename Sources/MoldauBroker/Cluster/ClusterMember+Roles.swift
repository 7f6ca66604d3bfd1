import MoldauCluster
import MoldauCoordination
import MoldauFormat
import MoldauLog

/// What the image makes of the partitions that are here. All on the queue.
extension ClusterMember {
  /// Takes over an image and gives the partitions their roles.
  ///
  /// - Parameter changed: the topics of which something is new; nil for all.
  /// - Complexity: O(*n*) in the number of partitions of the topics that have changed.
  func apply(_ image: ClusterImage, changed: Set<String>?) {
    let known = replicas.image
    // What holds for all topics may tell something new of each.
    let changed = known.brokerConfigurations == image.brokerConfigurations ? changed : nil
    replicas.note(image)
    noteRegistrations(in: image, since: known)
    let epoch = brokerEpoch
    let isRegistered = epoch != nil && image.brokers[nodeID]?.brokerEpoch == epoch
    let isFirst = state.withLock { state in
      defer { state.hasRoles = isRegistered }
      return isRegistered && !state.hasRoles
    }
    if isRegistered {
      let deleted = image.topicsDeleted(since: known)
      let here = isFirst || changed == nil ? store.topics.map(\.name) : []
      let names =
        if isFirst || changed == nil { Set(image.topics.keys) } else { changed ?? [] }
      giveRoles(in: names.union(deleted).union(here).sorted(), image, deleted: deleted)
    } else {
      resignOverruled(image)
    }
    let waiting = state.withLock { state in
      defer { state.onImage = [:] }
      return state.onImage
    }
    for (_, body) in waiting.sorted(by: { $0.key < $1.key }) { body() }
    noteReadiness()
  }

  /// What the disk has is as the image of the topic says: its partitions get their roles.
  func hosted(_ name: String) {
    guard state.withLock(\.hasRoles) else { return }
    giveRoles(in: [name], replicas.image)
    noteReadiness()
  }

  private func noteReadiness() {
    let isIdle = hosting.isIdle
    state.withLock { state in
      if state.hasRoles, isIdle { state.isReady = true }
    }
  }

  /// - Parameter deleted: topics of the image before that are no more.
  private func giveRoles(
    in names: [String], _ image: ClusterImage, deleted: Set<String> = []
  ) {
    var roles = Roles(deleted: deleted)
    for name in names {
      let hosted = topics.topic(named: name)
      if let topic = image.topics[name], topic.id == hosted?.topic.id || hosted == nil {
        assign(topic, hosted, image, &roles)
      } else if let hosted {
        // Deleted, or made anew under its name.
        for partition in hosted.partitions { roles.resign(partition, of: hosted.topic) }
        roles.unhosted.append(name)
      }
      if image.topics[name] == nil { roles.deleted.insert(name) }
    }
    fetchers.stop(roles.notFollowing)
    for (partition, state, minInSyncReplicas) in roles.leading {
      partition.lead(state, minInSyncReplicas: minInSyncReplicas)
    }
    for (partition, state) in roles.following { partition.follow(state) }
    for partition in roles.resigning { partition.resign() }
    fetchers.follow(roles.followed)
    if names.contains(GroupOffsets.topicName) { coordinate(image) }
    if !roles.deleted.isEmpty { groups.forget(topics: roles.deleted) }
    for name in roles.unhosted { hosting.reconcile(name) }
  }

  /// What is to become of partitions, found out before anything is changed.
  private struct Roles {
    var leading: [(Partition, PartitionImage, Int)] = []
    var following: [(Partition, PartitionImage)] = []
    var followed: [FollowedPartition] = []
    var resigning: [Partition] = []
    /// Those that are copied from nobody.
    var notFollowing: [(partition: Partition, topic: Topic)] = []
    /// Topics that are in the cluster no longer; one of the name may have taken their place.
    var deleted: Set<String>
    /// Topics that the disk does not have as the image says.
    var unhosted: [String] = []

    mutating func resign(_ partition: Partition, of topic: Topic) {
      resigning.append(partition)
      notFollowing.append((partition, topic))
    }
  }

  private func assign(
    _ topic: TopicImage, _ hosted: HostedTopic?, _ image: ClusterImage, _ roles: inout Roles
  ) {
    let minInSyncReplicas = Int(
      image.minInSyncReplicas(of: topic, default: settings.controller.minInSyncReplicas))
    if !hosting.isUpToDate(topic, hosted) { roles.unhosted.append(topic.name) }
    guard let hosted else { return }
    for partition in hosted.partitions {
      guard let state = topic.partition(partition.index), state.replicas.contains(nodeID),
        !hosting.isLeaving(partition)
      else {
        roles.resign(partition, of: hosted.topic)
        continue
      }
      if state.leader == nodeID {
        roles.leading.append((partition, state, minInSyncReplicas))
        roles.notFollowing.append((partition, hosted.topic))
        continue
      }
      roles.following.append((partition, state))
      if let leader = image.brokers[state.leader] {
        roles.followed.append(
          FollowedPartition(
            partition, of: hosted.topic, leader: leader, leaderEpoch: state.leaderEpoch))
      } else {
        roles.notFollowing.append((partition, hosted.topic))
      }
    }
  }

  /// The controller does not count on this broker, and others lead what it has led.
  private func resignOverruled(_ image: ClusterImage) {
    for hosted in topics.all {
      let topic = image.topics[hosted.topic.name]
      for partition in hosted.partitions
      where topic?.partition(partition.index)?.leader != nodeID
        || topic?.id != hosted.topic.id
      {
        partition.resign()
      }
    }
    groups.endAll()
  }

  // MARK: Without roles

  /// Leads and follows nothing any more; before anything else when others may lead.
  func giveUpRoles() {
    for hosted in topics.all { for partition in hosted.partitions { partition.resign() } }
    groups.endAll()
    fetchers.stopAll()
    state.withLock { state in
      state.hasRoles = false
      state.isReady = false
    }
  }
}

/// The groups whose part of `__consumer_offsets` is led here.
extension ClusterMember {
  /// Lets the groups' coordinator know which parts it has, after the partitions have got their roles.
  func coordinate(_ image: ClusterImage) {
    guard let topic = image.topics[GroupOffsets.topicName],
      let hosted = topics.topic(named: topic.name), hosted.topic.id == topic.id
    else { return groups.endAll() }
    for partition in hosted.partitions {
      if let epoch = partition.leadingEpoch {
        groups.begin(partition, leaderEpoch: epoch, of: topic.partitions.count)
      } else {
        groups.end(partition: Int(partition.index))
      }
    }
  }
}
