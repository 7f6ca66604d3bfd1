import MoldauReport
import MoldauDisk
import MoldauFormat
import MoldauLog

extension Inspector {
  /// One of the files that are read as a whole.
  mutating func inspectFile(_ path: String, _ kind: LogPath) throws(InspectError) {
    let bytes = try SmallFile.contents(of: path, disk)
    do throws(FormatError) {
      switch kind {
      case .transactionIndex: try showTransactions(bytes, path)
      case .snapshot: try showSnapshot(bytes, path)
      case .leaderEpochs: try showLeaderEpochs(bytes)
      case .offsetCheckpoint: try showCheckpoint(bytes, path)
      case .metaProperties: try showProperties(bytes)
      case .partitionMetadata: try showMetadata(bytes)
      case .cleanMarker: try showMarker(bytes)
      case .topicConfigurations: try showConfigurations(bytes)
      case .journal: showJournal(bytes, path)
      case .dataDirectory, .partition, .log, .offsetIndex, .timeIndex:
        preconditionFailure("these have functions of their own")
      }
    } catch {
      problem(path, "\(error)")
    }
  }

  private mutating func showTransactions(_ bytes: [UInt8], _ path: String) throws(FormatError) {
    let parsed = try IndexEntries.parse(
      bytes, byteCount: AbortedTransaction.byteCount, AbortedTransaction.init(parsing:))
    for entry in parsed.entries {
      add(
        ReportRow(
          .abortedTransaction,
          [
            .init("file", .text(LogPath.name(of: path))),
            .init("producerID", .integer(entry.producerID), heading: "producer"),
            .init("firstOffset", .offset(entry.firstOffset)),
            .init("lastOffset", .offset(entry.lastOffset)),
            .init("lastStableOffset", .offset(entry.lastStableOffset)),
          ]))
    }
  }

  private mutating func showSnapshot(_ bytes: [UInt8], _ path: String) throws(FormatError) {
    for entry in try unsafe ProducerSnapshot(parsing: bytes.span.bytes).entries {
      add(
        ReportRow(
          .producer,
          [
            .init("file", .text(LogPath.name(of: path))),
            .init("producerID", .integer(entry.producerID), heading: "producer"),
            .init("producerEpoch", .integer(Int64(entry.producerEpoch)), heading: "epoch"),
            .init("lastSequence", .integer(Int64(entry.lastSequence))),
            .init("lastOffset", .offset(entry.lastOffset)),
            .init(
              "timestampMilliseconds", .time(entry.timestampMilliseconds), heading: "timestamp"),
            .init("coordinatorEpoch", .integer(Int64(entry.coordinatorEpoch))),
            .init(
              "currentTransactionFirstOffset", .offset(entry.currentTransactionFirstOffset),
              heading: "open transaction from"),
          ]))
    }
  }

  private mutating func showLeaderEpochs(_ bytes: [UInt8]) throws(FormatError) {
    for entry in try unsafe LeaderEpochCheckpoint(parsing: bytes.span.bytes).entries {
      add(
        ReportRow(
          .leaderEpoch,
          [
            .init("epoch", .integer(Int64(entry.epoch)), heading: "leader epoch"),
            .init("startOffset", .offset(entry.startOffset)),
          ]))
    }
  }

  private mutating func showCheckpoint(_ bytes: [UInt8], _ path: String) throws(FormatError) {
    for entry in try unsafe OffsetCheckpoint(parsing: bytes.span.bytes).entries {
      add(
        ReportRow(
          .checkpoint,
          [
            .init("file", .text(LogPath.name(of: path))),
            .init("topic", .text(entry.partition.topic)),
            .init("partition", .integer(Int64(entry.partition.partition))),
            .init("offset", .offset(entry.offset)),
          ]))
    }
  }

  private mutating func property(_ name: String, _ value: String?) {
    guard let value else { return }
    add(ReportRow(.property, [.init("name", .text(name)), .init("value", .text(value))]))
  }

  private mutating func showProperties(_ bytes: [UInt8]) throws(FormatError) {
    let properties = try unsafe MetaProperties(parsing: bytes.span.bytes)
    property("cluster.id", properties.clusterID)
    property("node.id", properties.nodeID.map { "\($0)" })
    property("directory.id", properties.directoryID?.base64)
    for other in properties.others { property(other.key, other.value) }
  }

  private mutating func showMetadata(_ bytes: [UInt8]) throws(FormatError) {
    property("topic_id", try unsafe PartitionMetadata(parsing: bytes.span.bytes).topicID.base64)
  }

  private mutating func showMarker(_ bytes: [UInt8]) throws(FormatError) {
    property(
      "brokerEpoch", "\(try unsafe CleanShutdownMarker(parsing: bytes.span.bytes).brokerEpoch)")
  }

  private mutating func showConfigurations(_ bytes: [UInt8]) throws(FormatError) {
    let configurations = try TopicConfigurations(parsing: bytes).byTopic
    for (topic, configuration) in configurations.sorted(by: { $0.key < $1.key }) {
      let settings = configuration.settings.map { "\($0.key)=\($0.value)" }
      add(
        ReportRow(
          .topic,
          [
            .init("topic", .text(topic)),
            .init(
              "settings", .text(settings.isEmpty ? "defaults" : settings.joined(separator: " "))),
          ]))
    }
  }

  /// The frames from the file's start on, as far as they follow each other; what lies behind is of an
  /// earlier turn.
  private mutating func showJournal(_ bytes: [UInt8], _ path: String) {
    for (position, frame) in JournalFrames.read(bytes) {
      add(
        ReportRow(
          .journalFrame,
          [
            .init("file", .text(LogPath.name(of: path))), .init("position", .count(position)),
            .init("sequence", .integer(Int64(clamping: frame.sequence))),
            .init("byteCount", .count(frame.byteCount), heading: "bytes"),
            .init("entryCount", .count(frame.entries.count), heading: "entries"),
          ]))
      guard options.showsRecords else { continue }
      for entry in frame.entries {
        add(
          ReportRow(
            .journalEntry,
            [
              .init("topicID", .text(entry.topicID.base64), heading: "topic id"),
              .init("partition", .integer(Int64(entry.partition))),
              .init("entry", .text(entry.kind == .truncation ? "truncation" : "batches")),
              .init("baseOffset", .offset(entry.baseOffset)),
              .init("byteCount", .count(entry.batches.count), heading: "bytes"),
            ]))
      }
    }
  }
}
