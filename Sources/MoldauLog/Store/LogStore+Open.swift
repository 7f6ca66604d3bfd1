import Glibc
package import MoldauDisk
import MoldauFormat
import Synchronization

extension LogStore {
  /// Opens the store in a directory, creating it when it is missing.
  ///
  /// Recovers after an unclean stop; `recovery` tells what was found. The work does not grow with
  /// the bytes in sealed segments.
  /// - Throws: `directoryInUse` when another store has the directory; `io` when it cannot be written.
  public static func open(
    at path: String, _ configuration: StoreConfiguration = StoreConfiguration()
  ) async throws(LogError) -> LogStore {
    try await EngineThread.run { () throws(LogError) in
      try open(at: path, configuration, disk: SystemDisk(), clock: SystemWallClock())
    }
  }

  /// A store in memory, for tests: all of the engine, no files. Nothing in it survives.
  public static func inMemory(
    _ configuration: StoreConfiguration = StoreConfiguration()
  ) async throws(LogError) -> LogStore {
    try open(
      at: "/store", configuration, disk: SimulatedDisk(isCrashable: false),
      clock: SystemWallClock())
  }

  /// As the public `open`, on the caller's thread, with a disk and a clock of the caller's choice.
  package static func open(
    at path: String, _ configuration: StoreConfiguration, disk: any Disk, clock: any WallClock
  ) throws(LogError) -> LogStore {
    var opening = StoreOpening(
      path: path, configuration: configuration, disk: disk, clock: clock)
    return try opening.run()
  }
}

/// The steps of opening a store, in their order.
struct StoreOpening {
  let path: String
  let configuration: StoreConfiguration
  let disk: any Disk
  let services: StoreServices
  private var report = RecoveryReport()
  /// Logs of replicas that lack something of which nobody was told, and where: they end there.
  private var holes: [(log: PartitionLog, offset: Offset)] = []

  init(path: String, configuration: StoreConfiguration, disk: any Disk, clock: any WallClock) {
    self.path = path
    self.configuration = configuration
    self.disk = disk
    services = StoreServices(
      path: path, disk: disk, clock: clock, configuration: configuration)
  }

  private func file(_ name: String) -> String { "\(path)/\(name)" }

  mutating func run() throws(LogError) -> LogStore {
    let started = ContinuousClock.now
    let lock: any DiskLock
    let entries: [DirectoryEntry]
    do throws(DiskError) {
      if try disk.kind(of: path) == nil {
        try disk.makeDirectory(path)
      }
      guard let taken = try disk.lock(file(StoreLayout.lock)) else {
        throw DiskError(call: "flock", path: path, errno: EWOULDBLOCK)
      }
      lock = taken
      entries = try disk.list(path)
      // Whoever made the folder may not have made its name durable.
      if !entries.contains(where: { $0.kind == .directory }) {
        try disk.syncDirectory(disk.parent(of: path))
      }
    } catch {
      throw error.errno == EWOULDBLOCK ? .directoryInUse(path: path) : LogError(error)
    }
    let names = Set(entries.map(\.name))
    let isNew =
      !entries.contains { $0.kind == .directory && $0.name != StoreLayout.coordination }
      && names.isDisjoint(with: CommitJournal.fileNames)
    let failedSync = names.contains(StoreLayout.failedSyncMarker)
    let wasClean =
      (names.contains(StoreLayout.cleanShutdownMarker) || isNew) && !failedSync
      && !configuration.checksEverything
    report.failedSync = failedSync
    try removeMarker(names)
    var configurations = try TopicConfigurations.read(from: path, disk: disk)
    let partitions = try partitions(in: entries, &configurations, wasClean: wasClean)
    try noteMissing(partitions, &configurations)
    let journal = wasClean ? JournalReplay() : try JournalReplay(directory: path, disk: disk)
    services.topicChanges.withLock { $0 = configurations }
    report.wasClean = wasClean
    report.damagedJournalByteCount = journal.damagedByteCount
    let cleaned = try checkpoint(StoreLayout.cleanedOffsets)
    let recoveryPoints =
      configuration.checksEverything ? [:] : try checkpoint(StoreLayout.recoveryPoints)
    let logs = try PartitionRecovery(
      services: services, configuration: configuration, configurations: configurations,
      recoveryPoints: recoveryPoints,
      logStarts: try checkpoint(StoreLayout.logStarts), cleanedOffsets: cleaned,
      wasClean: wasClean,
      rewritesUnsynced: failedSync, journal: journal
    ).run(partitions, &report)
    for log in logs {
      guard let offset = cleaned[log.identity] else { continue }
      log.compaction.noteCleaned(to: min(offset, log.endOffset))
    }
    try readHighWatermarks(logs)
    try noteLosses(logs, recoveryPoints, journal)
    let topics = makeTopics(logs, configurations)
    if !journal.isEmpty || failedSync || !report.damages.isEmpty || configuration.checksEverything {
      try makeDurable(logs)
    } else {
      // Nothing was promised of what is not synced yet, and nothing waits for it: `durableOffset`
      // stays where the last sync was until the maintenance thread is done.
      services.maintenance.add { [services] in
        do throws(LogError) { try services.checkpoint(logs) } catch {
          services.logger.error("checkpoint after recovery: \(error)")
        }
      }
    }
    if wasClean { try removeJournal() } else { try finishRecovery(logs) }
    report.duration = started.duration(to: .now)
    services.metrics.recovered(report)
    if journal.damagedByteCount > 0 {
      services.logger.error("\(journal.damagedByteCount) bytes of the commit journal are damaged")
    }
    for damage in report.damages {
      services.logger.error("\(damage.path): damage at byte \(damage.position), see the report")
    }
    let store = LogStore(
      path: path, configuration: configuration, services: services, lock: lock, topics: topics,
      recovery: report)
    // With the store in place, which writes down where its logs end.
    for (log, offset) in holes { try log.truncate(to: offset) }
    return store
  }

  /// What may be read of replicas before their leader is known.
  private func readHighWatermarks(_ logs: [PartitionLog]) throws(LogError) {
    let found = try checkpoint(StoreLayout.highWatermarks)
    for log in logs { log.noteFound(highWatermark: found[log.identity] ?? .zero) }
  }

  /// Tells which logs lack what was known to be durable, and lets followers get what is missing.
  private mutating func noteLosses(
    _ logs: [PartitionLog], _ recoveryPoints: [TopicPartition: Offset], _ journal: JournalReplay
  ) throws(LogError) {
    let damages = Dictionary(grouping: report.damages, by: \.partition)
    for log in logs {
      let missing = damages[log.identity]?.filter { !$0.offsets.isEmpty }
        .map(\.offsets.lowerBound).min()
      if services.isReplicated { try log.noteMissing(from: missing) }
      let key = JournalReplay.PartitionKey(
        topicID: log.topicID, partition: log.identity.partition)
      let durable = max(recoveryPoints[log.identity] ?? .zero, journal.end(of: key) ?? .zero)
      let end = min(log.endOffset, missing ?? log.endOffset)
      if end < durable { report.losses[log.identity] = end }
      // Nothing was promised from there on. Would this replica lead, with the hole, others that have
      // what it lacks could not be told from it: epochs and ends are the same.
      if let first = log.state.withLock({ $0.firstMissing }), first >= durable,
        first >= log.startOffset
      {
        holes.append((log, first))
      }
    }
  }

  /// Tells which partitions have lost their folders; a topic of which none is left is no longer here.
  private mutating func noteMissing(
    _ partitions: [TopicPartition], _ configurations: inout TopicConfigurations
  ) throws(LogError) {
    var found: [String: Set<Int>] = [:]
    for partition in partitions {
      found[partition.topic, default: []].insert(Int(partition.partition))
    }
    var hasChanged = false
    for (name, hosting) in configurations.hosting.sorted(by: { $0.key < $1.key }) {
      for number in hosting.numbers.subtracting(found[name] ?? []).sorted() {
        report.missingPartitions.append(TopicPartition(topic: name, partition: Int32(number)))
      }
      if found[name] == nil {
        configurations.remove(name)
        hasChanged = true
      }
    }
    guard hasChanged else { return }
    do throws(DiskError) { try configurations.write(to: path, disk: disk) } catch {
      throw LogError(error)
    }
  }

  /// What the journal had must be in the segments before the journal goes.
  private func makeDurable(_ logs: [PartitionLog]) throws(LogError) {
    do throws(LogError) { try services.checkpoint(logs) } catch .diskFull(let path) {
      // Checkpoints only save work. On a full disk the store opens, for retention to make room.
      services.logger.warning("no space left for the checkpoint \(path)")
      try services.syncAll(logs)
    }
  }

  /// From here on the directory is one that was not stopped cleanly.
  private mutating func removeMarker(_ names: Set<String>) throws(LogError) {
    guard names.contains(StoreLayout.cleanShutdownMarker) else { return }
    do throws(DiskError) {
      report.cleanStopEpoch = brokerEpoch(
        inMarker: try disk.contents(of: file(StoreLayout.cleanShutdownMarker)))
      try disk.remove(file(StoreLayout.cleanShutdownMarker))
      try disk.syncDirectory(path)
    } catch {
      throw LogError(error)
    }
  }

  /// A marker counts whatever it says; one that cannot be read names no epoch.
  private func brokerEpoch(inMarker bytes: [UInt8]) -> Int64? {
    do throws(FormatError) {
      // SAFETY: bytes have no padding between them.
      return try unsafe CleanShutdownMarker(parsing: bytes.span.bytes).brokerEpoch
    } catch {
      services.logger.warning("\(file(StoreLayout.cleanShutdownMarker)): \(error)")
      return nil
    }
  }

  /// The partitions' folders; folders of deleted ones are emptied and removed.
  ///
  /// What a crash left half deleted or half made is ended first.
  private func partitions(
    in entries: [DirectoryEntry], _ configurations: inout TopicConfigurations, wasClean: Bool
  ) throws(LogError) -> [TopicPartition] {
    var partitions: [TopicPartition] = []
    for entry in entries where entry.kind == .directory {
      if TopicPartition.isDeletedDirectoryName(entry.name) {
        do throws(DiskError) { try disk.removeFolder(file(entry.name)) } catch {
          throw LogError(error)
        }
      } else if let partition = TopicPartition(directoryName: entry.name) {
        partitions.append(partition)
      }
    }
    let folders = TopicFolders(path: path, disk: disk, logger: services.logger)
    do throws(DiskError) {
      partitions = try folders.select(partitions, configurations)
      partitions = try folders.finishDeletions(partitions, &configurations)
      partitions = try folders.complete(partitions, configurations, wasClean: wasClean)
    } catch {
      throw LogError(error)
    }
    return partitions
  }

  /// A checkpoint that cannot be read is one that is not there: it only saves work.
  private func checkpoint(_ name: String) throws(LogError) -> [TopicPartition: Offset] {
    do throws(DiskError) {
      guard try disk.kind(of: file(name)) == .file else { return [:] }
      let bytes = try disk.contents(of: file(name))
      do throws(FormatError) {
        let entries = try unsafe OffsetCheckpoint(parsing: bytes.span.bytes).entries
        return Dictionary(
          entries.map { ($0.partition, $0.offset) }, uniquingKeysWith: { first, _ in first })
      } catch {
        services.logger.warning("\(file(name)) is damaged and passed over: \(error)")
        return [:]
      }
    } catch {
      throw LogError(error)
    }
  }

  private func makeTopics(
    _ logs: [PartitionLog], _ configurations: TopicConfigurations
  ) -> [String: Topic] {
    var topics: [String: Topic] = [:]
    for (name, partitions) in Dictionary(grouping: logs, by: \.identity.topic) {
      var configuration = configurations[name]
      let highest = partitions.map { Int($0.identity.partition) }.max() ?? 0
      let recorded = configurations.knows(name) ? configuration.partitionCount : 0
      configuration.partitionCount = max(recorded, highest + 1)
      var places = [PartitionLog?](repeating: nil, count: configuration.partitionCount)
      for log in partitions { places[Int(log.identity.partition)] = log }
      if partitions.count < places.count, configurations.hosting[name] == nil {
        let missing = places.indices.filter { places[$0] == nil }
        services.logger.warning(
          "\(name) has \(places.count) partitions; these are not here: \(missing)")
      }
      topics[name] = Topic(
        name: name, id: partitions[0].topicID, configuration: configuration, partitions: places,
        services: services, defaultDurability: self.configuration.durability)
    }
    return topics
  }

  /// A journal beside the marker of a clean stop is older than that: another program has recovered
  /// the logs since.
  private func removeJournal() throws(LogError) {
    do throws(DiskError) { try CommitJournal.removeFiles(in: path, of: disk) } catch {
      throw LogError(error)
    }
  }

  /// Whether a crash has come while one of the logs was emptied.
  private func isBeingReset(_ logs: [PartitionLog]) throws(DiskError) -> Bool {
    for log in logs where try disk.kind(of: log.resetMarkerPath) == .file { return true }
    return false
  }

  /// All is in synced segments now: the journal has done its work.
  private func finishRecovery(_ logs: [PartitionLog]) throws(LogError) {
    do throws(DiskError) {
      // The logs' starts may be others, too.
      do throws(DiskError) { try services.writeCheckpoints(logs) } catch {
        guard error.isOutOfSpace, try !isBeingReset(logs) else { throw error }
      }
      for log in logs where try disk.kind(of: log.resetMarkerPath) == .file {
        try disk.remove(log.resetMarkerPath)
        try disk.syncDirectory(log.directory.path)
      }
      try CommitJournal.removeFiles(in: path, of: disk)
      if try disk.kind(of: file(StoreLayout.failedSyncMarker)) != nil {
        try disk.remove(file(StoreLayout.failedSyncMarker))
        try disk.syncDirectory(path)
      }
    } catch {
      throw LogError(error)
    }
  }
}
