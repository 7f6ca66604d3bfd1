import MoldauCluster
import MoldauDisk
import MoldauFormat
import MoldauLog

/// What the store has, as the broker's registration says it.
extension TopicHosting: LocalReplicas {
  func condition(of partition: TopicPartition, topicID: TopicID) -> ReplicaCondition {
    let report = store.recovery
    if report.missingPartitions.contains(partition) || report.losses[partition] != nil {
      return .lost
    }
    guard let topic = store.existingTopic(partition.topic), topic.id == topicID,
      topic.log(ofPartition: Int(partition.partition)) != nil
    else { return .new }
    return topic.durability.isSynced ? .whole : .buffered
  }

  func note(
    _ file: MemberFile, clusterID: String, _ completion: @escaping @Sendable (String?) -> Void
  ) {
    queue.add { [self] in
      let path = "\(store.path)/\(MemberFile.name)"
      do throws(DiskError) {
        try store.disk.replaceFile(at: path, with: file.data, isDurable: true)
      } catch {
        return completion("\(LogError(error))")
      }
      do throws(BrokerError) {
        try BrokerIdentity.adopt(clusterID: clusterID, in: store)
        completion(nil)
      } catch {
        completion("\(error)")
      }
    }
  }
}

extension DirectoryHistory {
  /// Reads what the store's directory can show of its past.
  ///
  /// - Throws: when it has topics of a broker that stood alone, or a file that cannot be read.
  static func read(
    from store: LogStore, _ identity: BrokerIdentity, bootID: String?
  ) throws(BrokerError) -> DirectoryHistory {
    let path = "\(store.path)/\(MemberFile.name)"
    var bytes: [UInt8]?
    do throws(DiskError) {
      if try store.disk.kind(of: path) == .file { bytes = try store.disk.contents(of: path) }
    } catch {
      throw .store(LogError(error))
    }
    var file: MemberFile?
    do throws(NodeError) {
      file = try bytes.map { (bytes) throws(NodeError) in try MemberFile(parsing: bytes, at: path) }
    } catch {
      throw .notRegistered(reason: "\(path): \(error.reason)")
    }
    if file == nil, !store.topics.isEmpty {
      throw .notRegistered(reason: "\(store.path): \(RegistrationFailure.notEmpty)")
    }
    let report = store.recovery
    if let known = file {
      let noted = try note(report, in: known, at: path, of: store)
      file = noted
    }
    var history = DirectoryHistory(
      directoryID: identity.directoryID, clusterID: file == nil ? nil : identity.clusterID,
      bootID: bootID, cleanStopEpoch: store.recovery.cleanStopEpoch,
      incarnations: file?.incarnations ?? [], isDamaged: file?.isDamaged ?? false)
    history.lost = file?.lostReplicas ?? []
    return history
  }

  /// Notes durably what the opening has found, as it has mended what it could: if the broker ends
  /// before it has registered, the next opening finds nothing.
  private static func note(
    _ report: RecoveryReport, in known: MemberFile, at path: String, of store: LogStore
  ) throws(BrokerError) -> MemberFile {
    let lost = known.lostReplicas.union(report.losses.keys).union(report.missingPartitions)
    let noted = MemberFile(
      incarnation: known.incarnation, previous: known.previous, lost: lost,
      isDamaged: known.isDamaged || report.failedSync || report.damagedJournalByteCount > 0)
    guard noted != known else { return known }
    do throws(DiskError) {
      try store.disk.replaceFile(at: path, with: noted.data, isDurable: true)
    } catch {
      throw .store(LogError(error))
    }
    return noted
  }
}
